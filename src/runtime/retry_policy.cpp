#include "runtime/retry_policy.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cmath>

namespace chatear::runtime {

std::optional<std::chrono::milliseconds> RetryPolicy::delay_after(
    std::uint32_t attempts, double random
) const {
    CHATEAR_ASSERT(attempts >= 1 && random >= 0 && random < 1);
    if (attempts >= max_attempts) {
        return std::nullopt;
    }
    const double doubled =
        static_cast<double>(base.count()) * std::exp2(std::min(attempts - 1, 62U));
    const double ceiling = std::min(doubled, static_cast<double>(most.count()));
    return std::chrono::milliseconds(static_cast<std::int64_t>(ceiling * random));
}

}  // namespace chatear::runtime
