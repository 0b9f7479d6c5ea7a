// The client against a real redis-server, with everything that a real one does to its clients.
#include "redis/client.hpp"

#include "base/error.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/redis_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using std::chrono::milliseconds;
using test::RedisServer;
using testing::HasSubstr;
using testing::StartsWith;

Options options_for(const RedisServer& server) {
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

Command command(const std::vector<std::string>& words) {
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
std::string answer_of(RealRedis& redis, const std::vector<std::string>& words) {
    std::string answer;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await redis.until(true);
        answer = co_await redis.ask(words);
    };
    redis.run(body);
    return answer;
}

// Why a client with `options` does not become available.
std::string first_error_of(const Options& options) {
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

TEST(RealRedis, TellsAWrongPassword) {
    RedisServer server({.password = "secret"});
    for (const std::string password : {"wrong", ""}) {
        Options options = options_for(server);
        options.address.password = Secret(password);
        EXPECT_THAT(first_error_of(options), StartsWith(password.empty() ? "NOAUTH" : "WRONGPASS"));
    }
}

TEST(RealRedis, ComesBackToAServerThatWasRestartedEmpty) {
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

TEST(RealRedis, TellsWithinTheTimeLimitThatAServerHangs) {
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

TEST(RealRedis, IsUnavailableWhileItsMemoryIsFull) {
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

TEST(RealRedis, IsUnavailableWhileItIsAReplica) {
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

TEST(RealRedis, IsUnavailableWithoutEnoughReplicas) {
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

TEST(RealRedis, IsUnavailableWhileAScriptBlocksIt) {
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
    RealRedis redis(options_for(server));
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
