// Everything that a real server does to its clients.
#include "real_redis.hpp"
#include "redis/client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using testing::StartsWith;

TEST(RealRedisOutage, ComesBackToAServerThatWasRestartedEmpty) {
    RedisServer server;
    RealRedis redis(options_for(server));
    const Script script("return redis.call('INCR', KEYS[1])");
    std::vector<std::string> answers(3);
    const auto eval = [&](std::size_t index) -> asio::awaitable<void> {
        ScriptCall call = {.keys = {"counter"}};
        const Result<Reply> reply = co_await redis.client.eval(script, std::move(call));
        answers[index] = RealRedis::describe(reply);
    };
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        co_await eval(0);
        co_await eval(1);
        server.kill();
        co_await redis.until(false);
        server.start();
        co_await redis.until(true);
        co_await eval(2);
    };
    redis.run(body);
    EXPECT_EQ(answers, (std::vector<std::string>{"1", "2", "1"}));
}

TEST(RealRedisOutage, TellsWithinTheTimeLimitThatAServerHangs) {
    RedisServer server;
    RealRedis redis(options_for(server));
    std::string stalled;
    std::string after;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        server.pause();
        std::vector<std::string> words(1, "PING");
        stalled = co_await redis.ask(words);
        server.resume();
        co_await redis.until(true);
        words.assign({"ECHO", "back"});
        after = co_await redis.ask(words);
    };
    redis.run(body);
    EXPECT_EQ(stalled, "Unavailable: no reply to PING within 1000 ms");
    EXPECT_EQ(after, "back");
}

TEST(RealRedisOutage, IsUnavailableWhileItsMemoryIsFull) {
    RedisServer server({.config = {"--maxmemory", "3mb", "--maxmemory-policy", "noeviction"}});
    RealRedis redis(options_for(server));
    std::string refused;
    std::string after;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        const std::string big(3 * 1024 * 1024, 'x');
        std::vector<std::string> words = {"SET", "big", big};
        co_await redis.ask(words);
        words = {"SET", "small", "1"};
        refused = co_await redis.ask(words);
        EXPECT_FALSE(redis.client.available());
        server.cli({"CONFIG", "SET", "maxmemory", "0"});
        co_await redis.until(true);
        after = co_await redis.ask(words);
    };
    redis.run(body);
    EXPECT_THAT(refused, StartsWith("Unavailable: OOM"));
    EXPECT_EQ(after, "(other)");
}

TEST(RealRedisOutage, IsUnavailableWhileItIsAReplica) {
    RedisServer server;
    RealRedis redis(options_for(server));
    std::string refused;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        server.cli({"REPLICAOF", "127.0.0.1", "1"});
        std::vector<std::string> words = {"SET", "a", "1"};
        refused = co_await redis.ask(words);
        server.cli({"REPLICAOF", "NO", "ONE"});
        co_await redis.until(true);
    };
    redis.run(body);
    EXPECT_THAT(refused, StartsWith("Unavailable: READONLY"));
}

TEST(RealRedisOutage, IsUnavailableWithoutEnoughReplicas) {
    RedisServer server;
    RealRedis redis(options_for(server));
    std::string refused;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        server.cli({"CONFIG", "SET", "min-replicas-to-write", "1"});
        std::vector<std::string> words = {"SET", "a", "1"};
        refused = co_await redis.ask(words);
        server.cli({"CONFIG", "SET", "min-replicas-to-write", "0"});
        co_await redis.until(true);
    };
    redis.run(body);
    EXPECT_THAT(refused, StartsWith("Unavailable: NOREPLICAS"));
}

TEST(RealRedisOutage, IsUnavailableWhileAScriptBlocksIt) {
    RedisServer server({.config = {"--busy-reply-threshold", "50"}});
    RealRedis redis(options_for(server));
    test::Process blocker(
        {.arguments =
             {"redis-cli", "-p", std::to_string(server.port()), "EVAL", "while true do end", "0"}}
    );
    std::string refused;
    const auto body = [&]() -> asio::awaitable<void> {
        // Whichever comes first: the connection finds the script, or the command does.
        while (!redis.client.last_error().starts_with("BUSY")) {
            std::vector<std::string> words = {"SET", "a", "1"};
            refused = co_await redis.ask(words);
            co_await net::sleep_for(milliseconds(5));
        }
        server.cli({"SCRIPT", "KILL"});
        co_await redis.until(true);
    };
    redis.run(body);
}

}  // namespace
}  // namespace chatear::redis
