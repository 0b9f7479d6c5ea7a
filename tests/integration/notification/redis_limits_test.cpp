// The limits that processes share, against a real redis-server.
#include "notification/redis_limits.hpp"

#include "base/error.hpp"
#include "real_limits.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace chatear::notification {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

constexpr std::nullopt_t none = std::nullopt;

TEST_F(RealLimits, Rule21AllowsEverythingWithoutALimit) {
    RedisLimits limits(client_, none, none);
    LimitReply reply;
    const auto body = [&]() -> asio::awaitable<void> {
        LimitRequest asked = request(1, "ann@b.test");
        reply = co_await check_one(limits, std::move(asked));
    };
    run(body);
    EXPECT_TRUE(reply.allowed);
}

TEST_F(RealLimits, Rule21RefusesBeyondTheCountAndReservesDistinctLaterSlots) {
    RedisLimits limits(client_, Rate{.count = 3, .per = seconds(60)}, none);
    std::vector<LimitReply> replies;
    std::vector<LimitReply> again;
    const auto body = [&]() -> asio::awaitable<void> {
        std::vector<LimitRequest> requests;
        for (int event = 0; event < 6; ++event) {
            requests.push_back(request(event, event % 2 == 0 ? "ann@b.test" : "Ann@B.test"));
        }
        std::vector<LimitRequest> repeated = requests;
        replies = co_await limits.check(std::move(requests));
        again = co_await limits.check(std::move(repeated));
    };
    run(body);
    for (std::size_t event = 0; event < 3; ++event) {
        EXPECT_TRUE(replies.at(event).allowed);
    }
    for (std::size_t event = 3; event < 6; ++event) {
        EXPECT_FALSE(replies.at(event).allowed);
        EXPECT_THAT(replies.at(event).reason, HasSubstr("EMAIL_RATE_PER_RECIPIENT"));
    }
    EXPECT_GE(replies.at(3).until - replies.at(0).until, seconds(60));
    EXPECT_EQ(replies.at(4).until - replies.at(3).until, seconds(20));
    EXPECT_EQ(replies.at(5).until - replies.at(4).until, seconds(20));
    for (std::size_t event = 0; event < 6; ++event) {
        EXPECT_EQ(again.at(event).allowed, replies.at(event).allowed);
        EXPECT_EQ(again.at(event).until, replies.at(event).until);
    }
}

TEST_F(RealLimits, Rule21AnotherAttemptIsAnotherWish) {
    RedisLimits limits(client_, Rate{.count = 1, .per = seconds(60)}, none);
    LimitReply first;
    LimitReply second;
    const auto body = [&]() -> asio::awaitable<void> {
        LimitRequest asked = request(1, "ann@b.test", 0);
        first = co_await check_one(limits, std::move(asked));
        asked = request(1, "ann@b.test", 1);
        second = co_await check_one(limits, std::move(asked));
    };
    run(body);
    EXPECT_TRUE(first.allowed);
    EXPECT_FALSE(second.allowed);
}

TEST_F(RealLimits, Rule21TheReturningEventPasses) {
    RedisLimits limits(client_, Rate{.count = 1, .per = milliseconds(100)}, none);
    LimitReply refused;
    LimitReply returned;
    const auto body = [&]() -> asio::awaitable<void> {
        LimitRequest asked = request(1, "ann@b.test");
        (void)co_await check_one(limits, std::move(asked));
        asked = request(2, "ann@b.test");
        refused = co_await check_one(limits, std::move(asked));
        const SystemClock clock;
        while (clock.now() < refused.until) {
            co_await net::sleep_for(milliseconds(5));
        }
        // Somebody else comes at the same moment and does not take its place.
        asked = request(3, "ann@b.test");
        (void)co_await check_one(limits, std::move(asked));
        asked = request(2, "ann@b.test");
        returned = co_await check_one(limits, std::move(asked));
    };
    run(body);
    EXPECT_FALSE(refused.allowed);
    EXPECT_TRUE(returned.allowed);
}

TEST_F(RealLimits, Rule21AsksTheDomainForASlotBehindTheRecipients) {
    const Rate recipient = {.count = 1, .per = seconds(100)};
    const Rate domain = {.count = 2, .per = seconds(60)};
    RedisLimits limits(client_, recipient, domain);
    std::vector<LimitReply> replies;
    const auto body = [&]() -> asio::awaitable<void> {
        const std::vector<std::string> recipients = {
            "ann@b.test", "ann@b.test", "bob@b.test", "cat@b.test"};
        for (int event = 0; event < 4; ++event) {
            LimitRequest asked = request(event, recipients[static_cast<std::size_t>(event)]);
            LimitReply reply = co_await check_one(limits, std::move(asked));
            replies.push_back(std::move(reply));
        }
    };
    run(body);
    // Ann's second e-mail waits for her own limit and does not hold up the domain's others.
    EXPECT_TRUE(replies.at(0).allowed);
    EXPECT_FALSE(replies.at(1).allowed);
    EXPECT_THAT(replies.at(1).reason, HasSubstr("PER_RECIPIENT"));
    // (The two keys saw the first e-mail a moment apart.)
    EXPECT_GE(replies.at(1).until - replies.at(0).until, seconds(99));
    EXPECT_TRUE(replies.at(2).allowed);
    EXPECT_FALSE(replies.at(3).allowed);
    EXPECT_THAT(replies.at(3).reason, HasSubstr("PER_DOMAIN"));
    EXPECT_GE(replies.at(3).until - replies.at(0).until, seconds(60));
    EXPECT_LT(replies.at(3).until - replies.at(0).until, seconds(62));
}

TEST_F(RealLimits, Rule21LeavesNothingBehindAndNoAddressInItsKeys) {
    RedisLimits limits(
        client_, Rate{.count = 5, .per = seconds(60)}, Rate{.count = 5, .per = seconds(60)}
    );
    const auto body = [&]() -> asio::awaitable<void> {
        LimitRequest asked = request(1, "ann@b.test");
        (void)co_await check_one(limits, std::move(asked));
    };
    run(body);
    std::string keys = server_.cli({"KEYS", "chatear:limit:*"});
    EXPECT_THAT(keys, HasSubstr("chatear:limit:domain:b.test"));
    EXPECT_THAT(keys, HasSubstr("chatear:limit:recipient:"));
    EXPECT_THAT(keys, testing::Not(HasSubstr("ann")));
    const int lives = std::stoi(server_.cli({"TTL", "chatear:limit:domain:b.test"}));
    EXPECT_GT(lives, 170);
    EXPECT_LE(lives, 181);
}

TEST_F(RealLimits, Rule21SharesTheLimitsBetweenProcesses) {
    redis::Client other_client(redis_.context.get_executor(), redis::options_for(server_));
    other_client.start();
    const Rate rate = {.count = 10, .per = seconds(60)};
    RedisLimits one(client_, rate, rate);
    RedisLimits other(other_client, rate, rate);
    int allowed = 0;
    std::set<Time> later;
    const auto body = [&]() -> asio::awaitable<void> {
        while (!other_client.available()) {
            co_await net::sleep_for(milliseconds(2));
        }
        for (int event = 0; event < 30; ++event) {
            RedisLimits& limits = event % 2 == 0 ? one : other;
            LimitRequest asked = request(event, "ann@b.test");
            const LimitReply reply = co_await check_one(limits, std::move(asked));
            allowed += reply.allowed ? 1 : 0;
            if (!reply.allowed) {
                later.insert(reply.until);
            }
        }
        co_await other_client.stop();
    };
    run(body);
    EXPECT_EQ(allowed, 10);
    EXPECT_EQ(later.size(), 20U);
}

TEST_F(RealLimits, Rule21FailsClosed) {
    RedisLimits limits(client_, Rate{.count = 5, .per = seconds(60)}, none);
    std::string wrong_type;
    std::string down;
    const auto ask = [&](int event) -> asio::awaitable<std::string> {
        try {
            LimitRequest asked = request(event, "ann@b.test");
            (void)co_await check_one(limits, std::move(asked));
        } catch (const Unavailable& error) {
            co_return error.dependency() + ": " + error.why();
        }
        co_return "allowed";
    };
    const auto body = [&]() -> asio::awaitable<void> {
        (void)co_await ask(1);
        const std::string keys = server_.cli({"KEYS", "chatear:limit:recipient:*"});
        server_.cli({"SET", keys.substr(0, keys.find('\n')), "something else"});
        wrong_type = co_await ask(2);
        server_.kill();
        down = co_await ask(3);
    };
    run(body);
    EXPECT_THAT(wrong_type, HasSubstr("redis: WRONGTYPE"));
    EXPECT_THAT(down, HasSubstr("redis: "));
}

}  // namespace
}  // namespace chatear::notification
