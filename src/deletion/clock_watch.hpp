#pragma once

#include "base/clock.hpp"

#include <chrono>
#include <optional>
#include <string_view>

namespace chatear::deletion {

/// Why nothing is executed after a gain: the same words from each instance, whatever it measured,
/// so that they stop once and the audit log says it once.
inline constexpr std::string_view clock_was_set_ahead =
    "the database's clock gained on the machines' time: it was set ahead";

/// Notices that the database's clock was set ahead, by which deletions would be due too early (rule
/// 10): it compares it with CLOCK_BOOTTIME, which nobody sets. Pure.
class ClockWatch {
public:
    static constexpr std::chrono::seconds most_gain{60};
    /// What two sound clocks may drift apart, as a part of the time that passed.
    static constexpr int drift_divisor = 1000;

    /// One reading of both clocks, taken together. What the database's clock gained since it was
    /// furthest behind, if that is too much; said again at each comparison until settle(). What it
    /// may have drifted is forgotten as it passes, so that neither a long life of this process nor
    /// one answer that came late hides a later jump.
    std::optional<std::chrono::seconds> compare(Time database, BootTime boot);

    /// What compare() found is written down where it stops everybody: the next gain is measured
    /// from the next reading.
    void settle() { sound_.reset(); }

private:
    /// How far the database's clock may be ahead of the machine's at one moment, without a jump.
    struct Sound {
        std::chrono::microseconds ahead;
        BootTime at;
    };
    std::optional<Sound> sound_;
};

}  // namespace chatear::deletion
