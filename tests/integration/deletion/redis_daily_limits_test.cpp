// The daily counters under the original's names, on a real redis-server.
#include "deletion/redis_daily_limits.hpp"

#include "base/error.hpp"
#include "integration/redis/real_redis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

using std::chrono::milliseconds;
using testing::StartsWith;

constexpr int limit = 3;
const std::string day = "2026-11-25";
const std::string key = "global:deletion:count:2026-11-25";
const std::string mail_key = "user:email:count:user-7:2026-11-25";

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

    asio::awaitable<std::optional<bool>> count_mail(const std::string& holder, int known) {
        try {
            co_return co_await limits_.count_mail("user-7", day, holder, known, 2);
        } catch (const Unavailable&) {
            co_return std::nullopt;
        }
    }

    std::string counter(const std::string& of = key) { return value({"GET", of}); }
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

TEST_F(DailyLimitsOnRedis, Rule9CountsEachDeletionOnceAndNoneOverTheLimit) {
    std::vector<std::optional<bool>> counted;
    const auto body = [&]() -> asio::awaitable<void> {
        for (const std::string deletion : {"a", "b", "b", "c", "d", "a"}) {
            const std::optional<bool> answer = co_await count(deletion, 0);
            counted.push_back(answer);
        }
    };
    run(body);
    EXPECT_EQ(counted, (std::vector<std::optional<bool>>{true, true, true, true, false, true}));
    EXPECT_EQ(counter(), "3");
    EXPECT_EQ(value({"SCARD", "{" + key + "}:holders"}), "3");
}

TEST_F(DailyLimitsOnRedis, Rule9AFlushedRedisIsRaisedToWhatPostgresKnows) {
    std::vector<std::optional<bool>> counted;
    const auto body = [&]() -> asio::awaitable<void> {
        (void)co_await count("a", 0);
        (void)co_await count("b", 1);
        server_.cli({"FLUSHALL"});
        const std::optional<bool> third = co_await count("c", 2);
        const std::optional<bool> fourth = co_await count("d", 3);
        counted = {third, fourth};
    };
    run(body);
    EXPECT_EQ(counted, (std::vector<std::optional<bool>>{true, false}));
    EXPECT_EQ(counter(), "3");
}

TEST_F(DailyLimitsOnRedis, Rule9ACounterThatWasSetBackIsRaisedAlsoForOneThatIsCountedAlready) {
    std::optional<bool> again;
    std::optional<bool> another;
    const auto body = [&]() -> asio::awaitable<void> {
        (void)co_await count("a", 0);
        (void)co_await count("b", 1);
        (void)co_await count("c", 2);
        server_.cli({"SET", key, "0"});
        again = co_await count("c", 2);
        another = co_await count("d", 2);
    };
    run(body);
    EXPECT_EQ(again, true);
    EXPECT_EQ(another, false);
    EXPECT_EQ(counter(), "3");
}

TEST_F(DailyLimitsOnRedis, Rule9ARedisThatComesBackEmptyIsRaisedAndOneThatIsGoneForbids) {
    std::optional<bool> while_gone = true;
    std::optional<bool> afterwards;
    std::optional<bool> one_more;
    const auto body = [&]() -> asio::awaitable<void> {
        (void)co_await count("a", 0);
        (void)co_await count("b", 1);
        server_.kill();
        while_gone = co_await count("c", 2);
        server_.start();
        while (!afterwards) {
            co_await net::sleep_for(milliseconds(2));
            afterwards = co_await count("c", 2);
        }
        one_more = co_await count("d", 3);
    };
    run(body);
    EXPECT_EQ(while_gone, std::nullopt);
    EXPECT_EQ(afterwards, true);
    EXPECT_EQ(one_more, false);
    EXPECT_EQ(counter(), "3");
}

TEST_F(DailyLimitsOnRedis, Rule9AnotherSystemThatCountsInTheSameKeyIsRespected) {
    std::optional<bool> last;
    std::optional<bool> over;
    const auto body = [&]() -> asio::awaitable<void> {
        server_.cli({"INCRBY", key, "2"});
        last = co_await count("a", 0);
        over = co_await count("b", 0);
    };
    run(body);
    EXPECT_EQ(last, true);
    EXPECT_EQ(over, false);
}

TEST_F(DailyLimitsOnRedis, Rule9WhatDidNotHappenIsTakenBackOnce) {
    std::optional<bool> refused;
    std::optional<bool> fits;
    const auto body = [&]() -> asio::awaitable<void> {
        for (const std::string deletion : {"a", "b", "c"}) {
            (void)co_await count(deletion, 0);
        }
        refused = co_await count("d", 0);
        co_await limits_.uncount_execution(day, "b");
        co_await limits_.uncount_execution(day, "b");
        co_await limits_.uncount_execution(day, "d");
        fits = co_await count("d", 0);
    };
    run(body);
    EXPECT_EQ(refused, false);
    EXPECT_EQ(fits, true);
    EXPECT_EQ(counter(), "3");
}

TEST_F(DailyLimitsOnRedis, Rule9WhatIsNoNumberForbids) {
    std::optional<bool> answer = true;
    const auto body = [&]() -> asio::awaitable<void> {
        server_.cli({"SET", key, "many"});
        answer = co_await count("a", 0);
    };
    run(body);
    EXPECT_EQ(answer, std::nullopt);
    EXPECT_EQ(counter(), "many");
}

TEST_F(DailyLimitsOnRedis, Rule6CountsAUsersMailsUnderTheOriginalsNameAndASlotThatIsPassedOnOnce) {
    std::vector<std::optional<bool>> counted;
    const auto body = [&]() -> asio::awaitable<void> {
        for (const std::string holder : {"x.1/1", "x.1/1", "x.1/2", "x.1/3"}) {
            const std::optional<bool> answer = co_await count_mail(holder, 0);
            counted.push_back(answer);
        }
    };
    run(body);
    EXPECT_EQ(counted, (std::vector<std::optional<bool>>{true, true, true, false}));
    EXPECT_EQ(counter(mail_key), "2");
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
