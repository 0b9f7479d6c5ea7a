#pragma once

#include "base/error.hpp"
#include "deletion/daily_limits.hpp"
#include "fault_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace chatear::simulation {

namespace asio = boost::asio;

/// Redis: it may be away, lose everything, or be counted in by others.
class MemoryDailyLimits final : public deletion::DailyLimits {
public:
    explicit MemoryDailyLimits(FaultPlan& faults) : faults_(faults) {}

    asio::awaitable<bool> count_execution(
        std::string day, std::string deletion_id, int known, int limit
    ) override {
        co_return count("global " + day, deletion_id, known, limit);
    }
    asio::awaitable<void> uncount_execution(std::string day, std::string deletion_id) override {
        check();
        Counter& counter = counters_["global " + day];
        counter.count -= static_cast<int>(counter.holders.erase(deletion_id));
        co_return;
    }
    asio::awaitable<bool> count_mail(
        std::string user_id, std::string day, std::string holder, int known, int limit
    ) override {
        co_return count("user " + user_id + " " + day, holder, known, limit);
    }

    void lose_everything() { counters_.clear(); }
    void count_for_others(const std::string& day) { ++counters_["global " + day].count; }

    bool down = false;

private:
    struct Counter {
        int count = 0;
        std::set<std::string> holders;
    };

    void check() {
        faults_.before_effect();
        if (down) {
            throw Unavailable("redis", "simulated", "not reached");
        }
    }

    bool count(const std::string& key, const std::string& holder, int known, int limit) {
        check();
        Counter& counter = counters_[key];
        counter.count = std::max(counter.count, known);
        const bool counted = counter.holders.contains(holder) || counter.count < limit;
        if (counted && counter.holders.insert(holder).second) {
            ++counter.count;
        }
        faults_.after_effect();
        return counted;
    }

    FaultPlan& faults_;
    std::map<std::string, Counter> counters_;
};

}  // namespace chatear::simulation
