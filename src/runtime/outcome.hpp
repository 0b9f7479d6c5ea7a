#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <variant>

namespace chatear::runtime {

/// It happened: never again for this event id.
struct Done {};

/// This event failed: again later, after RetryPolicy's delay, or after `after` where given. Counts
/// as an attempt; the last one makes it a dead letter.
struct Retry {
    std::string reason;
    std::optional<std::chrono::milliseconds> after{};
};

/// Not a failure, and no attempt: not before `until` (asked for later), or, where it is given, not
/// before `after` has passed (over a limit: the clock of who knows that may differ from ours).
struct Defer {
    Time until;
    std::string reason;
    std::optional<std::chrono::milliseconds> after{};
};

/// Never going to work: a dead letter now. The reason is for a person.
struct Reject {
    std::string reason;
};

/// Nobody knows whether it happened, and a person shall decide: a dead letter whose replay does it
/// again (rule 13, `hold`).
struct Hold {
    std::string reason;
};

/// How a handler ended. A thrown Unavailable is none of these: the event is handled again when the
/// dependency answers. Any other exception is a Retry.
using Outcome = std::variant<Done, Retry, Defer, Reject, Hold>;

}  // namespace chatear::runtime
