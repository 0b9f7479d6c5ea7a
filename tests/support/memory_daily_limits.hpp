#pragma once

#include "base/error.hpp"
#include "deletion/daily_limits.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

namespace asio = boost::asio;

/// The daily counters of a Redis that may be away, forget, or be counted in by others. Passes the
/// conformance suite, as the one over Redis does.
class MemoryDailyLimits final : public deletion::DailyLimits {
public:
    asio::awaitable<bool> count_execution(
        std::string day, std::string deletion_id, int known, int limit
    ) override {
        co_return count("global:deletion:count:" + day, deletion_id, known, limit);
    }
    asio::awaitable<void> uncount_execution(std::string day, std::string deletion_id) override {
        check();
        Counter& counter = counters_["global:deletion:count:" + day];
        const bool was_counted = counter.holders.erase(deletion_id) > 0;
        counter.value = std::max(counter.value - (was_counted ? 1 : 0), 0);
        co_return;
    }
    asio::awaitable<bool> count_mail(
        std::string user_id, std::string day, std::string holder, int known, int limit
    ) override {
        co_return count("user:email:count:" + user_id + ":" + day, holder, known, limit);
    }

    bool down = false;  ///< Throws Unavailable.
    void lose_everything() { counters_.clear(); }
    /// Somebody else writes to a counter, whose name is as in Redis.
    void set(const std::string& key, int value) { counters_[key].value = value; }
    void count_for_others(const std::string& key, int more) { counters_[key].value += more; }

    int value(const std::string& key) const {
        const auto found = counters_.find(key);
        return found == counters_.end() ? 0 : found->second.value;
    }
    /// Who is counted in it.
    std::set<std::string> holders(const std::string& key) const {
        const auto found = counters_.find(key);
        return found == counters_.end() ? std::set<std::string>() : found->second.holders;
    }
    /// Who was asked for, with what was known; in the order of the calls.
    const std::vector<std::pair<std::string, int>>& asked() const { return asked_; }

private:
    struct Counter {
        int value = 0;
        std::set<std::string> holders;
    };

    void check() const {
        if (down) {
            throw Unavailable("redis", "test:2", "the test says so");
        }
    }

    bool count(const std::string& key, const std::string& holder, int known, int limit) {
        check();
        asked_.emplace_back(holder, known);
        Counter& counter = counters_[key];
        const bool counted_before = counter.holders.contains(holder);
        counter.value = std::max(counter.value, counted_before ? known + 1 : known);
        if (counted_before) {
            return true;
        }
        if (counter.value >= limit) {
            return false;
        }
        counter.holders.insert(holder);
        ++counter.value;
        return true;
    }

    std::map<std::string, Counter> counters_;
    std::vector<std::pair<std::string, int>> asked_;
};

}  // namespace chatear::test
