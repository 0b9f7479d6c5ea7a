#pragma once

#include "deletion/intake.hpp"

#include <optional>

namespace chatear::deletion {

/// Which was asked for first, a deletion or its user's latest recovery.
enum class Order {
    recovery_first,  ///< Or there is no recovery: the deletion counts.
    deletion_first,  ///< Also at the same moment: a recovery wins.
    unknown,         ///< Times of two clocks, too close to each other.
};

/// Rule 2. Times of one clock are compared as they are. The database's time of a deletion that was
/// published lies between two bounds.
Order order_of(
    const Request& deletion, const RequestFacts& facts, const std::optional<ClockOffset>& offset
);

}  // namespace chatear::deletion
