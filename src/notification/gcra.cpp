#include "notification/gcra.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace chatear::notification {

Gcra::Gcra(Rate rate, std::chrono::microseconds kept)
    : count_(rate.count),
      per_(rate.per),
      interval_((per_ + std::chrono::microseconds(rate.count - 1)) / rate.count),
      kept_(kept) {
    CHATEAR_ASSERT(rate.count > 0 && rate.per.count() > 0);
}

Time Gcra::slot_for(const std::string& event, Time now, Time earliest) {
    forget_before(now - per_ - kept_);
    const auto known = events_.find(event);
    if (known != events_.end()) {
        return known->second;
    }
    const Time slot = free_slot(now, std::max(now, earliest));
    events_.emplace(event, slot);
    slots_.insert(std::upper_bound(slots_.begin(), slots_.end(), slot), slot);
    return slot;
}

void Gcra::forget_before(Time time) {
    slots_.erase(slots_.begin(), std::lower_bound(slots_.begin(), slots_.end(), time));
    std::erase_if(events_, [&](const auto& entry) { return entry.second < time; });
}

// The first time from `first` on that keeps every period within the count, and that, if it is later
// than `now`, keeps its distance from all other slots.
Time Gcra::free_slot(Time now, Time first) const {
    Time slot = first;
    for (int step = 0; step < max_steps; ++step) {
        // Every period that holds `slot` lies between these two.
        const auto low = std::upper_bound(slots_.begin(), slots_.end(), slot - per_);
        const auto high = std::lower_bound(low, slots_.end(), slot + per_);
        const auto around = static_cast<std::size_t>(high - low);
        if (around >= count_) {
            // Not before so many of them are a period away that there is one place.
            slot = low[static_cast<std::ptrdiff_t>(around - count_)] + per_;
            continue;
        }
        const auto near = std::lower_bound(low, slots_.end(), slot + interval_);
        const bool crowded = near != slots_.begin() && *(near - 1) > slot - interval_;
        if (slot == now || !crowded) {
            return slot;
        }
        slot = *(near - 1) + interval_;
    }
    return slots_.back() + per_;
}

}  // namespace chatear::notification
