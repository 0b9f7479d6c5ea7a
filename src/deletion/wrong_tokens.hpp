#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>

namespace chatear::deletion {

/// Counts the wrong tokens that each client shows, in memory. Only what is wrong is ever counted or
/// refused: a right token is never asked about here. Pure.
class WrongTokens {
public:
    static constexpr int most = 20;  ///< In `period`; one more is too many.
    static constexpr std::chrono::seconds period{60};
    static constexpr std::size_t most_clients = 10'000;  ///< Remembered.

    /// One more; whether these are too many.
    bool add(const std::string& client, BootTime now);

private:
    struct Count {
        BootTime since;
        int number = 0;
    };
    std::map<std::string, Count> counts_;
};

}  // namespace chatear::deletion
