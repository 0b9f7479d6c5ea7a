#pragma once

#include "net/moment.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace chatear::runtime {

/// Decides when a consumer works, and who goes first, while a dependency is down (rule 18). Pure.
///
///     open --unavailable--> closed --after a delay--> probing --success--> open
///                             ^                          |
///                             +-------unavailable--------+
class Brake {
public:
    using milliseconds = std::chrono::milliseconds;
    using Moment = net::Moment;

    enum class State {
        open,     ///< All handlers run.
        closed,   ///< None begins; the consumer does not pull.
        probing,  ///< One event has gone first; all others wait for how it ends.
    };

    Brake(milliseconds first_delay, milliseconds most_delay)
        : first_delay_(first_delay), most_delay_(most_delay) {}

    State state() const { return state_; }

    /// Whether a handler may begin now; true in `closed` once the delay is over, for one caller,
    /// which then is the probe.
    bool try_enter(Moment now);

    /// The moment at which try_enter can answer otherwise; only asked when closed.
    Moment next_probe_at() const { return probe_at_; }

    /// A handler that was let in ended without Unavailable.
    void on_success();

    /// A handler met Unavailable of `dependency`. True when this closed an open brake.
    bool on_unavailable(const std::string& dependency, Moment now);

    /// A handler that was let in ended without telling anything (it was stopped): the next may
    /// probe.
    void on_abandoned(Moment now);

    /// How often handlers have succeeded; see UnavailableMeetings.
    std::uint64_t successes() const { return successes_; }

    /// Which dependency closed it; "" when open.
    const std::string& dependency() const { return dependency_; }

private:
    milliseconds first_delay_;
    milliseconds most_delay_;
    milliseconds delay_{};
    State state_ = State::open;
    Moment probe_at_{};
    std::uint64_t successes_ = 0;
    std::string dependency_;
};

/// One event's meetings with Unavailable: one that keeps meeting it while others succeed in between
/// is itself what is wrong, and is charged with a Retry at the third (rule 18).
class UnavailableMeetings {
public:
    static constexpr int most = 3;

    /// `successes`: the brake's count now. True when the event is to be charged.
    bool add(std::uint64_t successes) {
        count_ = count_ == 0 || successes > successes_at_last_ ? count_ + 1 : count_;
        successes_at_last_ = successes;
        return count_ >= most;
    }

private:
    int count_ = 0;
    std::uint64_t successes_at_last_ = 0;
};

}  // namespace chatear::runtime
