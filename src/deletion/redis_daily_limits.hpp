#pragma once

#include "deletion/daily_limits.hpp"
#include "redis/client.hpp"
#include "redis/script.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace chatear::deletion {

/// The counters `global:deletion:count:<day>` and `user:email:count:<user>:<day>`, plain integers
/// as the original writes them. Who was counted stands beside each in the set `{<key>}:holders`
/// (the braces keep both in one slot of a cluster). Both go by themselves after three days.
class RedisDailyLimits final : public DailyLimits {
public:
    /// `client` must outlive it.
    explicit RedisDailyLimits(redis::Client& client) : client_(client) {}

    asio::awaitable<bool> count_execution(
        std::string day, std::string deletion_id, int known, int limit
    ) override;
    asio::awaitable<void> uncount_execution(std::string day, std::string deletion_id) override;
    asio::awaitable<bool> count_mail(
        std::string user_id, std::string day, std::string holder, int known, int limit
    ) override;

private:
    asio::awaitable<bool> count(std::string key, std::string holder, int known, int limit);

    redis::Client& client_;
};

/// One key: its counter and its set of holders; repeating either changes nothing. The first answers
/// 1 (counted, now or before) or 0 (over the limit), the second whether it was counted.
const redis::Script& count_script();
const redis::Script& uncount_script();

}  // namespace chatear::deletion
