#pragma once

#include "runtime/ledger.hpp"

#include <string>

namespace chatear::runtime {

/// A claim's answer as a test's message reads it.
inline std::string word(ClaimAnswer answer) {
    switch (answer) {
        case ClaimAnswer::granted:
            return "granted";
        case ClaimAnswer::taken_over:
            return "taken over";
        case ClaimAnswer::finished:
            return "finished";
        case ClaimAnswer::stale:
            return "stale";
        case ClaimAnswer::held:
            return "held";
        case ClaimAnswer::conflict:
            return "conflict";
        case ClaimAnswer::too_old:
            return "too old";
    }
    return "?";
}

}  // namespace chatear::runtime
