#include "deletion/clock_watch.hpp"

#include <algorithm>

namespace chatear::deletion {

using std::chrono::duration_cast;
using std::chrono::microseconds;

std::optional<std::chrono::seconds> ClockWatch::compare(Time database, BootTime boot) {
    const auto ahead = duration_cast<microseconds>(database.time_since_epoch()) -
                       duration_cast<microseconds>(boot.time_since_epoch());
    if (!sound_) {
        sound_ = Sound{ahead, boot};
        return std::nullopt;
    }
    sound_->ahead += duration_cast<microseconds>(boot - sound_->at) / drift_divisor;
    sound_->at = boot;
    const microseconds gain = ahead - sound_->ahead;
    if (gain > most_gain) {
        return std::chrono::round<std::chrono::seconds>(gain);
    }
    sound_->ahead = std::min(ahead, sound_->ahead);
    return std::nullopt;
}

}  // namespace chatear::deletion
