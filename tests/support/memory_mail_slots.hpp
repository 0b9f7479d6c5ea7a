#pragma once

#include "base/utc.hpp"
#include "deletion/deletion_store.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

/// The slots of recovery mails (rule 6) as `daily_slots` keeps them; `now` is the database's clock.
/// A store over it passes the conformance suite.
class MemoryMailSlots {
public:
    std::optional<deletion::Slot> take(
        const std::string& user_id, const std::string& holder, int limit, Time now
    ) {
        deletion::Slot slot;
        slot.now = now;
        slot.day = utc_day(now);
        Taken& taken = days_[slot.day];
        const auto of_holder = find(taken, holder);
        const auto of_user = [&](const auto& entry) { return entry.first.first == user_id; };
        slot.taken = static_cast<int>(std::count_if(taken.begin(), taken.end(), of_user));
        if (of_holder != taken.end()) {
            slot.number = of_holder->first.second;
            return slot;
        }
        if (slot.taken >= limit) {
            return std::nullopt;
        }
        do {
            ++slot.number;
        } while (!taken.emplace(std::pair(user_id, slot.number), holder).second);
        ++slot.taken;
        return slot;
    }

    void pass(const std::string& holder, const std::string& next_holder, Time now) {
        for (const std::string& day : recent(now)) {
            Taken& taken = days_[day];
            const auto found = find(taken, holder);
            if (found != taken.end() && find(taken, next_holder) == taken.end()) {
                found->second = next_holder;
            }
        }
    }

    void free(const std::string& holder, Time now) {
        for (const std::string& day : recent(now)) {
            std::erase_if(days_[day], [&](const auto& entry) { return entry.second == holder; });
        }
    }

    /// Those of earlier days first, then by user and number.
    std::vector<std::string> holders() const {
        std::vector<std::string> all;
        for (const auto& [day, taken] : days_) {
            for (const auto& [slot, holder] : taken) {
                all.push_back(holder);
            }
        }
        return all;
    }

private:
    using Taken = std::map<std::pair<std::string, int>, std::string>;  // Of a user's slot: holder.

    static Taken::iterator find(Taken& taken, const std::string& holder) {
        return std::find_if(taken.begin(), taken.end(), [&](const auto& entry) {
            return entry.second == holder;
        });
    }

    /// A try that began before midnight may end after it.
    static std::array<std::string, 2> recent(Time now) {
        return {utc_day(now - std::chrono::hours(24)), utc_day(now)};
    }

    std::map<std::string, Taken> days_;
};

}  // namespace chatear::test
