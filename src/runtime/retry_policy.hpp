#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

namespace chatear::runtime {

/// When a failed event is tried again: exponential backoff with full jitter. Pure.
struct RetryPolicy {
    std::uint32_t max_attempts = 10;
    std::chrono::milliseconds base{1000};
    std::chrono::milliseconds most{std::chrono::minutes(5)};

    /// The delay after `attempts` failed attempts (this one included, so at least 1), or nothing
    /// when that was the last. `random` is in [0, 1): the delay is drawn from 0 to
    /// min(most, base * 2^(attempts - 1)).
    std::optional<std::chrono::milliseconds> delay_after(std::uint32_t attempts, double random)
        const;
};

}  // namespace chatear::runtime
