#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>

namespace chatear::deletion {

/// Notices that the database's clock was set ahead, by which deletions would be due too early (rule
/// 10): it compares it with CLOCK_BOOTTIME, which nobody sets. Pure.
class ClockWatch {
public:
    static constexpr std::chrono::seconds most_gain{60};
    /// What two sound clocks may drift apart, as a part of the time that passed.
    static constexpr int drift_divisor = 1000;

    /// One reading of both clocks, taken together. What the database's clock gained since it was
    /// furthest behind, if that is too much; said again at each comparison until settle().
    std::optional<std::string> compare(Time database, BootTime boot);

    /// What compare() found is written down where it stops everybody: the next gain is measured
    /// from the next reading.
    void settle() { furthest_behind_.reset(); }

private:
    struct Reading {
        Time database;
        BootTime boot;
    };
    std::optional<Reading> furthest_behind_;
};

}  // namespace chatear::deletion
