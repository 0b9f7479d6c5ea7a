// A client of a real redis-server, shared by the tests of the client.
#pragma once

#include "base/error.hpp"
#include "net/timer.hpp"
#include "redis/client.hpp"
#include "support/coroutine.hpp"
#include "support/redis_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {

using std::chrono::milliseconds;
using test::RedisServer;

inline Options options_for(const RedisServer& server) {
    Options options;
    options.address = *parse_address(server.url());
    if (options.address.tls) {
        options.tls = *net::make_tls_context({.ca_file = server.ca_file()});
    }
    options.connect_timeout = milliseconds(1000);
    options.command_timeout = milliseconds(1000);
    options.first_backoff = milliseconds(10);
    options.most_backoff = milliseconds(100);
    return options;
}

inline Command command(const std::vector<std::string>& words) {
    Command made(words.front());
    for (std::size_t word = 1; word < words.size(); ++word) {
        made.add(words[word]);
    }
    return made;
}

/// A client of `server`, and what became of its commands as text.
class RealRedis {
public:
    explicit RealRedis(Options options) : client(context.get_executor(), std::move(options)) {
        client.start();
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await body();
            co_await client.stop();
        };
        test::run_coroutine(context, whole);
    }

    asio::awaitable<void> until(bool available) {
        while (client.available() != available) {
            co_await net::sleep_for(milliseconds(2));
        }
    }

    asio::awaitable<std::string> ask(std::vector<std::string> words) {
        Command asked = command(words);
        try {
            const Result<Reply> reply = co_await client.command(std::move(asked));
            co_return describe(reply);
        } catch (const Unavailable& error) {
            co_return "Unavailable: " + error.why();
        }
    }

    static std::string describe(const Result<Reply>& reply) {
        if (!reply) {
            return "Error: " + reply.error().message;
        }
        if (const std::string* text = reply->text()) {
            return *text;
        }
        if (const std::int64_t* number = reply->integer()) {
            return std::to_string(*number);
        }
        return reply->nil() ? "(nil)" : "(other)";
    }

    asio::io_context context;
    Client client;
};

// What one command answers on a server as `server` is.
inline std::string answer_of(RealRedis& redis, const std::vector<std::string>& words) {
    std::string answer;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        answer = co_await redis.ask(words);
    };
    redis.run(body);
    return answer;
}

// Why a client with `options` does not become available.
inline std::string first_error_of(const Options& options) {
    RealRedis redis(options);
    std::string error;
    const auto body = [&]() -> asio::awaitable<void> {
        while (redis.client.last_error() == "not connected yet") {
            co_await net::sleep_for(milliseconds(2));
        }
        EXPECT_FALSE(redis.client.available());
        error = redis.client.last_error();
    };
    redis.run(body);
    return error;
}

}  // namespace chatear::redis
