#pragma once

#include <chrono>

namespace chatear::net {

/// A moment of the clock that timers go by.
using Moment = std::chrono::steady_clock::time_point;

/// `delay` from now. What is too long to be counted in nanoseconds is the clock's last moment, so
/// that milliseconds::max() means "for ever" and not "long ago".
inline Moment moment_after(std::chrono::milliseconds delay) {
    const Moment now = std::chrono::steady_clock::now();
    const bool far =
        delay >= std::chrono::duration_cast<std::chrono::milliseconds>(Moment::max() - now);
    return far ? Moment::max() : now + delay;
}

}  // namespace chatear::net
