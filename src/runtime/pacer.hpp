#pragma once

#include "base/values.hpp"
#include "net/moment.hpp"

#include <chrono>
#include <cstddef>

namespace chatear::runtime {

/// Paces what one process begins: never more than `rate.count` in any `rate.per`, evenly spread
/// but for a burst of a hundredth of it, so that fast rates do not need a timer for each event.
/// Does no I/O. (A token bucket of size b filled at rate r lets b + r * t through in t; here
/// b = count / 100, at least 1, and r is such that this stays at `count`.)
class Pacer {
public:
    using TimePoint = net::Moment;

    explicit Pacer(Rate rate);

    /// How many may begin at `now`.
    std::size_t allowed(TimePoint now) const;

    /// So many began; more than allowed are made up for by a longer pause.
    void begun(std::size_t count, TimePoint now);

    /// Whether allowed() cannot grow any more by itself: nothing began for a while.
    bool rested(TimePoint now) const { return empty_at_ <= now; }

    /// When allowed() is next more than 0; in the past when it is now.
    TimePoint next() const { return empty_at_ - tolerance_; }

private:
    std::chrono::nanoseconds interval_;   // From one token to the next.
    std::chrono::nanoseconds tolerance_;  // How far ahead of an even pace a burst may run.
    TimePoint empty_at_;                  // When all that began would be through at an even pace.
};

}  // namespace chatear::runtime
