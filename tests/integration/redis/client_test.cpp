// The client against a real redis-server.
#include "redis/client.hpp"

#include "real_redis.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(RealRedis, TakesAnyBytes) {
    RedisServer server;
    RealRedis redis(options_for(server));
    const std::string bytes("\0\r\n$5\r\n\xff", 9);
    EXPECT_EQ(answer_of(redis, {"ECHO", bytes}), bytes);
}

TEST(RealRedis, SpeaksWithPasswordUserAndDatabase) {
    RedisServer server({.password = "secret"});
    server.cli({"ACL", "SETUSER", "mailer", "on", ">its-own", "~*", "+@all"});
    Options options = options_for(server);
    options.address.user = "mailer";
    options.address.password = Secret("its-own");
    options.address.database = 3;
    RealRedis redis(options);
    EXPECT_EQ(answer_of(redis, {"INCR", "here"}), "1");
    EXPECT_EQ(server.cli({"-n", "3", "GET", "here"}), "1\n");
}

TEST(RealRedis, SpeaksTls) {
    RedisServer server({.tls = true});
    RealRedis redis(options_for(server));
    EXPECT_EQ(answer_of(redis, {"INCR", "counter"}), "1");
}

TEST(RealRedis, RefusesAServerWhoseCertificateIsNotTrusted) {
    RedisServer server({.tls = true});
    Options options = options_for(server);
    test::Certificates others;
    options.tls = *net::make_tls_context({.ca_file = others.ca_file()});
    EXPECT_THAT(first_error_of(options), HasSubstr("certificate"));
}

TEST(RealRedis, RefusesACertificateForAnotherName) {
    RedisServer server({.tls = true, .names = {"DNS:other.test"}});
    EXPECT_THAT(
        first_error_of(options_for(server)), HasSubstr("certificate was refused for '127.0.0.1'")
    );
}

TEST(RealRedis, RefusesAnExpiredCertificate) {
    RedisServer server({.tls = true, .expired = true});
    EXPECT_THAT(first_error_of(options_for(server)), HasSubstr("certificate has expired"));
}

TEST(RealRedis, TellsAWrongPassword) {
    RedisServer server({.password = "secret"});
    for (const std::string password : {"wrong", ""}) {
        Options options = options_for(server);
        options.address.password = Secret(password);
        EXPECT_THAT(first_error_of(options), StartsWith(password.empty() ? "NOAUTH" : "WRONGPASS"));
    }
}

TEST(RealRedis, TellsWhatItsRightsDoNotAllow) {
    RedisServer server;
    server.cli({"ACL", "SETUSER", "mailer", "on", ">x", "~chatear:*", "+@all"});
    Options options = options_for(server);
    options.address.user = "mailer";
    options.address.password = Secret("x");
    RealRedis redis(options);
    EXPECT_THAT(answer_of(redis, {"SET", "elsewhere", "1"}), StartsWith("Unavailable: NOPERM"));
}

TEST(RealRedis, ReturnsTheErrorOfTheCommandItself) {
    RedisServer server;
    RealRedis redis(options_for(server));
    EXPECT_THAT(answer_of(redis, {"NONSENSE"}), StartsWith("Error: ERR unknown command"));
}

TEST(RealRedis, AnswersTenThousandCommandsThatWaitAtOnce) {
    RedisServer server;
    Options options = options_for(server);
    options.command_timeout = std::chrono::seconds(30);
    RealRedis redis(options);
    constexpr std::size_t count = 10000;
    std::vector<std::string> answers(count);
    net::TaskGroup tasks(redis.context.get_executor());
    const auto one = [&](std::size_t index) -> asio::awaitable<void> {
        std::vector<std::string> words = {"INCR", "counter"};
        answers[index] = co_await redis.ask(words);
    };
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        for (std::size_t index = 0; index < count; ++index) {
            tasks.start("one", one(index));
        }
        co_await tasks.join();
    };
    redis.run(body);
    for (std::size_t index = 0; index < count; ++index) {
        ASSERT_EQ(answers[index], std::to_string(index + 1));
    }
}

}  // namespace
}  // namespace chatear::redis
