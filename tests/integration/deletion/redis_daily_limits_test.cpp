// What stands in a real redis-server beside what all DailyLimits do.
#include "deletion/redis_daily_limits.hpp"

#include "base/error.hpp"
#include "integration/redis/real_redis.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

constexpr int limit = 3;
const std::string day = "2026-11-25";
const std::string key = "global:deletion:count:2026-11-25";

class DailyLimitsOnRedis : public testing::Test {
protected:
    /// `body`, once connected.
    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await redis_.until(true);
            co_await body();
        };
        redis_.run(whole);
    }

    /// What became of counting `deletion`; nothing = Redis could not say.
    asio::awaitable<std::optional<bool>> count(const std::string& deletion, int known) {
        try {
            co_return co_await limits_.count_execution(day, deletion, known, limit);
        } catch (const Unavailable&) {
            co_return std::nullopt;
        }
    }

    std::string value(std::vector<std::string> command) {
        std::string said = server_.cli(std::move(command));
        while (!said.empty() && said.back() == '\n') {
            said.pop_back();
        }
        return said;
    }

    test::RedisServer server_;
    redis::RealRedis redis_{redis::options_for(server_)};
    RedisDailyLimits limits_{redis_.client};
};

TEST_F(DailyLimitsOnRedis, Rule9WhatIsNoNumberForbids) {
    std::optional<bool> answer = true;
    const auto body = [&]() -> asio::awaitable<void> {
        server_.cli({"SET", key, "many"});
        answer = co_await count("a", 0);
    };
    run(body);
    EXPECT_EQ(answer, std::nullopt);
    EXPECT_EQ(value({"GET", key}), "many");
}

TEST_F(DailyLimitsOnRedis, TheCountersGoByThemselvesAndStayLongerThanTheirDay) {
    const auto body = [&]() -> asio::awaitable<void> { (void)co_await count("a", 0); };
    run(body);
    const int lives = std::stoi(value({"TTL", key}));
    const int holders_live = std::stoi(value({"TTL", "{" + key + "}:holders"}));
    EXPECT_GT(lives, 2 * 24 * 3600);
    EXPECT_LE(lives, 3 * 24 * 3600);
    EXPECT_GE(holders_live, lives - 1);
}

}  // namespace
}  // namespace chatear::deletion
