#pragma once

#include <chrono>

namespace chatear::net {

/// A moment of the clock that timers go by.
using Moment = std::chrono::steady_clock::time_point;

/// The clock that timers go by: the machine's, unless a VirtualTime is installed.
Moment now();

/// `delay` from now. What is too long to be counted in nanoseconds is the clock's last moment, so
/// that milliseconds::max() means "for ever" and not "long ago".
inline Moment moment_after(std::chrono::milliseconds delay) {
    const Moment from = now();
    const bool far =
        delay >= std::chrono::duration_cast<std::chrono::milliseconds>(Moment::max() - from);
    return far ? Moment::max() : from + delay;
}

}  // namespace chatear::net
