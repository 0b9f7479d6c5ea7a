#include "runtime/pacer.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace chatear::runtime {

Pacer::Pacer(Rate rate) {
    CHATEAR_ASSERT(rate.count > 0 && rate.per.count() > 0);
    const auto count = std::int64_t{rate.count};
    const std::int64_t burst = std::max<std::int64_t>(1, count / 100);
    const std::int64_t steady = count - burst + 1;
    const std::chrono::nanoseconds per = rate.per;
    interval_ = (per + std::chrono::nanoseconds(steady - 1)) / steady;
    tolerance_ = interval_ * (burst - 1);
    empty_at_ = TimePoint::min() + tolerance_;
}

std::size_t Pacer::allowed(TimePoint now) const {
    const TimePoint from = std::max(empty_at_, now);
    const auto room = now + tolerance_ - from;
    if (room.count() < 0) {
        return 0;
    }
    return static_cast<std::size_t>(room / interval_) + 1;
}

void Pacer::begun(std::size_t count, TimePoint now) {
    empty_at_ = std::max(empty_at_, now) + interval_ * static_cast<std::int64_t>(count);
}

}  // namespace chatear::runtime
