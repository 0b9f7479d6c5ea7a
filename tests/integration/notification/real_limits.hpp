// The limits of a real redis-server, shared by their tests.
#pragma once

#include "net/timer.hpp"
#include "notification/redis_limits.hpp"
#include "support/coroutine.hpp"
#include "support/redis_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::notification {

using std::chrono::milliseconds;

inline redis::Options options_for(const test::RedisServer& server) {
    redis::Options options;
    options.address = *redis::parse_address(server.url());
    options.command_timeout = milliseconds(1000);
    options.first_backoff = milliseconds(10);
    options.most_backoff = milliseconds(100);
    return options;
}

/// A client of a server of its own.
class RealLimits : public testing::Test {
protected:
    RealLimits() { client_.start(); }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            while (!client_.available()) {
                co_await net::sleep_for(milliseconds(2));
            }
            co_await body();
            co_await client_.stop();
        };
        test::run_coroutine(context_, whole);
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
    asio::io_context context_;
    redis::Client client_{context_.get_executor(), options_for(server_)};
};

}  // namespace chatear::notification
