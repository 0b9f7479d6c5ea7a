#pragma once

#include "base/clock.hpp"
#include "base/values.hpp"

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace chatear::notification {

/// When each event of one key (a recipient, a domain) may go, so that in every period of `rate.per`
/// there are at most `rate.count` of them. Does no I/O; the script in redis_limits.cpp decides the
/// same for all processes.
///
/// It is the generic cell rate algorithm (ITU-T I.371) with two changes. GCRA that lets a burst of
/// `count` through allows nearly twice `count` in the period that follows it, and one that allows
/// no burst would make a second e-mail wait for `per / count`: so the slots of the last period are
/// remembered, and a burst counts against all that follows. And since a refused event is given its
/// own later slot, later slots keep the emission interval `per / count` from one another: what
/// waits does not come back as a herd.
///
/// A slot is kept for its event for `kept` beyond its period, so that the event passes when it
/// returns, and when it asks twice.
class Gcra {
public:
    static constexpr std::chrono::minutes kept_default{2};
    static constexpr int max_steps = 1000;  ///< Of one search; then it takes the end of the queue.

    explicit Gcra(Rate rate, std::chrono::microseconds kept = kept_default);

    /// The slot of `event`, not before `earliest`: it may go when that is not after `now`. The
    /// same event gets the same slot again.
    Time slot_for(const std::string& event, Time now, Time earliest);

    std::chrono::microseconds interval() const { return interval_; }  ///< Between later slots.

private:
    using Slots = std::vector<Time>;

    void forget_before(Time time);
    Time free_slot(Time now, Time first) const;

    std::size_t count_;
    std::chrono::microseconds per_;
    std::chrono::microseconds interval_;
    std::chrono::microseconds kept_;
    Slots slots_;  // Sorted.
    std::map<std::string, Time> events_;
};

}  // namespace chatear::notification
