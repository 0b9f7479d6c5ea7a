// The limits of a real redis-server, shared by their tests.
#pragma once

#include "integration/redis/real_redis.hpp"
#include "notification/redis_limits.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::notification {

using std::chrono::milliseconds;

/// A client of a server of its own.
class RealLimits : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await redis_.until(true);
            co_await body();
        };
        redis_.run(whole);
    }

    static LimitRequest request(int event, const std::string& recipient, int attempts = 0) {
        LimitRequest made;
        made.event_id = "event " + std::to_string(event);
        made.attempts = attempts;
        made.recipient = recipient;
        made.domain = recipient.substr(recipient.find('@') + 1);
        return made;
    }

    static asio::awaitable<LimitReply> check_one(RedisLimits& limits, LimitRequest asked) {
        std::vector<LimitRequest> requests;
        requests.push_back(std::move(asked));
        const std::vector<LimitReply> replies = co_await limits.check(std::move(requests));
        co_return replies.front();
    }

    test::RedisServer server_;
    redis::RealRedis redis_{redis::options_for(server_)};
    redis::Client& client_ = redis_.client;
};

}  // namespace chatear::notification
