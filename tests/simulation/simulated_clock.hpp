#pragma once

#include "base/clock.hpp"

#include <chrono>

namespace chatear::simulation {

using namespace std::chrono_literals;

/// All clocks of the simulated world. Nobody in it knows the true time.
class Clocks {
public:
    explicit Clocks(Time start) : true_time_(start) {}

    Time true_time() const { return true_time_; }
    Time database() const { return true_time_ + database_ahead_; }
    Time nats() const { return true_time_ + nats_ahead_; }
    /// NATS's clock minus the database's.
    std::chrono::microseconds offset() const { return nats_ahead_ - database_ahead_; }

    void advance(std::chrono::microseconds by) { true_time_ += by; }
    void set_database_ahead(std::chrono::microseconds by) { database_ahead_ = by; }
    void set_nats_ahead(std::chrono::microseconds by) { nats_ahead_ = by; }

private:
    Time true_time_;
    std::chrono::microseconds database_ahead_{};
    std::chrono::microseconds nats_ahead_{};
};

/// A machine's: its civil time is wrong by hours, its CLOCK_BOOTTIME is sound.
class MachineClock final : public Clock {
public:
    MachineClock(const Clocks& clocks, std::chrono::microseconds wrong_by)
        : clocks_(clocks), wrong_by_(wrong_by) {}

    Time now() const override { return clocks_.true_time() + wrong_by_; }
    BootTime boot_time() const override { return BootTime(clocks_.true_time().time_since_epoch()); }

private:
    const Clocks& clocks_;
    std::chrono::microseconds wrong_by_;
};

}  // namespace chatear::simulation
