#include "deletion/clock_watch.hpp"

namespace chatear::deletion {

using std::chrono::microseconds;

std::optional<std::chrono::seconds> ClockWatch::compare(Time database, BootTime boot) {
    const Reading now{database, boot};
    if (!furthest_behind_) {
        furthest_behind_ = now;
        return std::nullopt;
    }
    const microseconds passed =
        std::chrono::duration_cast<microseconds>(boot - furthest_behind_->boot);
    const microseconds gain = (database - furthest_behind_->database) - passed;
    if (gain <= microseconds(0)) {
        furthest_behind_ = now;
        return std::nullopt;
    }
    if (gain <= most_gain + passed / drift_divisor) {
        return std::nullopt;
    }
    return std::chrono::duration_cast<std::chrono::seconds>(gain);
}

}  // namespace chatear::deletion
