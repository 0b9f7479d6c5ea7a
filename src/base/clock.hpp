#pragma once

#include <chrono>

namespace chatear {

/// A moment of civil time, UTC, to the microsecond (as PostgreSQL keeps it).
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment of a clock that only goes forward and also counts while the machine sleeps.
using BootTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// The one source of time for decisions, so that tests can turn its hands.
class Clock {
public:
    virtual ~Clock() = default;

    virtual Time now() const = 0;            ///< The machine's idea of civil time; it may jump.
    virtual BootTime boot_time() const = 0;  ///< CLOCK_BOOTTIME (clock_gettime(2)).
};

/// The machine's clocks.
class SystemClock final : public Clock {
public:
    Time now() const override;
    BootTime boot_time() const override;
};

/// A clock that stands still until it is told otherwise; for tests and simulation.
class ManualClock final : public Clock {
public:
    explicit ManualClock(Time start) : now_(start) {}

    Time now() const override { return now_; }
    BootTime boot_time() const override { return boot_time_; }

    /// Both clocks go forward.
    void advance(std::chrono::microseconds by) {
        now_ += by;
        boot_time_ += by;
    }

    /// Only civil time changes, as when an administrator sets the date.
    void step_civil_time(std::chrono::microseconds by) { now_ += by; }

private:
    Time now_;
    BootTime boot_time_{};
};

}  // namespace chatear
