#include "redis/client.hpp"

#include "base/error.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using test::expect;
using test::PeerScript;
using test::ScriptedPeer;
using testing::HasSubstr;
using testing::StartsWith;

std::string encoded(const std::vector<std::string>& words) {
    Command command(words.front());
    for (std::size_t word = 1; word < words.size(); ++word) {
        command.add(words[word]);
    }
    return command.encoded();
}

// How every connection begins.
const PeerScript greeting = {
    expect(encoded({"SET", "chatear:probe", "1", "EX", "60"})),
    test::send("+OK\r\n"),
};

PeerScript operator+(PeerScript left, const PeerScript& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Options options_for(const ScriptedPeer& peer) {
    Options options;
    options.address.host = "127.0.0.1";
    options.address.port = peer.port();
    options.connect_timeout = std::chrono::milliseconds(2000);
    options.command_timeout = std::chrono::milliseconds(2000);
    options.first_backoff = std::chrono::milliseconds(5);
    options.most_backoff = std::chrono::milliseconds(20);
    return options;
}

asio::awaitable<void> until_available(Client& client) {
    while (!client.available()) {
        co_await net::sleep_for(std::chrono::milliseconds(2));
    }
}

// What became of a command: its text, "Error: ..." or "Unavailable: ...".
asio::awaitable<std::string> outcome_of(Client& client, Command command) {
    try {
        const Result<Reply> reply = co_await client.command(std::move(command));
        if (!reply) {
            co_return "Error: " + reply.error().message;
        }
        const std::string* text = reply->text();
        co_return text != nullptr ? *text : "(no text)";
    } catch (const Unavailable& error) {
        co_return "Unavailable: " + error.why();
    }
}

Command get(const std::string& key) {
    Command command("GET");
    command.add(key);
    return command;
}

/// Runs `body` with a client of `peer` and stops the client.
class ClientOf {
public:
    explicit ClientOf(Options options) : client(context.get_executor(), std::move(options)) {
        client.start();
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await body();
            co_await client.stop();
        };
        test::run_coroutine(context, whole);
    }

    asio::io_context context;
    Client client;
};

TEST(RedisClient, IsUnavailableBeforeItIsConnected) {
    Options options;
    asio::io_context context;
    Client client(context.get_executor(), options);
    const auto body = [&]() -> asio::awaitable<void> {
        const std::string outcome = co_await outcome_of(client, get("a"));
        EXPECT_THAT(outcome, HasSubstr("not connected yet"));
        co_await client.stop();
        co_await client.stop();
    };
    test::run_coroutine(context, body);
    EXPECT_FALSE(client.available());
}

TEST(RedisClient, MatchesRepliesByTheirOrder) {
    const PeerScript script =
        greeting +
        PeerScript{
            expect(encoded({"GET", "a"}) + encoded({"GET", "b"}) + encoded({"GET", "c"})),
            test::send_slowly("$1\r\n1\r\n$-1\r\n-WRONGTYPE not a string\r\n"),
            test::swallow(),
        };
    ScriptedPeer peer(script);
    ClientOf scope(options_for(peer));
    std::vector<std::string> outcomes(3);
    net::TaskGroup tasks(scope.context.get_executor());
    const auto ask = [&](std::size_t index, std::string key) -> asio::awaitable<void> {
        Command command = get(key);
        outcomes[index] = co_await outcome_of(scope.client, std::move(command));
    };
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        tasks.start("a", ask(0, "a"));
        tasks.start("b", ask(1, "b"));
        tasks.start("c", ask(2, "c"));
        co_await tasks.join();
    };
    scope.run(body);
    EXPECT_EQ(outcomes[0], "1");
    EXPECT_EQ(outcomes[1], "(no text)");
    EXPECT_EQ(outcomes[2], "Error: WRONGTYPE not a string");
    EXPECT_EQ(peer.failure(), "");
}

TEST(RedisClient, IntroducesItselfWithUserPasswordAndDatabase) {
    const PeerScript script = {
        expect(encoded({"AUTH", "mailer", "secret"})),
        test::send("+OK\r\n"),
        expect(encoded({"SELECT", "3"})),
        test::send("+OK\r\n"),
        greeting[0],
        greeting[1],
        test::swallow(),
    };
    ScriptedPeer peer(script);
    Options options = options_for(peer);
    options.address.user = "mailer";
    options.address.password = Secret("secret");
    options.address.database = 3;
    ClientOf scope(options);
    const auto body = [&]() -> asio::awaitable<void> { co_await until_available(scope.client); };
    scope.run(body);
    EXPECT_EQ(peer.failure(), "");
}

TEST(RedisClient, ComesBackAfterABreakAtEveryByteOfTheServer) {
    const PeerScript script = greeting + PeerScript{
                                             expect(encoded({"GET", "a"})),
                                             test::send("$5\r\nhello\r\n"),
                                         };
    const PeerScript whole = script + PeerScript{test::swallow()};
    const std::size_t sent = test::sent_bytes(script);
    for (std::size_t bytes = 0; bytes < sent; ++bytes) {
        SCOPED_TRACE(bytes);
        const test::PeerStep end = bytes % 2 == 0 ? test::hang_up() : test::reset();
        ScriptedPeer peer(std::vector<PeerScript>{test::cut_at(script, bytes, end), whole});
        ClientOf scope(options_for(peer));
        std::string outcome;
        int asked = 0;
        const auto body = [&]() -> asio::awaitable<void> {
            while (outcome != "hello") {
                co_await until_available(scope.client);
                Command command = get("a");
                outcome = co_await outcome_of(scope.client, std::move(command));
                ++asked;
            }
        };
        scope.run(body);
        EXPECT_LE(asked, 2);
        EXPECT_EQ(peer.accepted(), 2U);
    }
}

TEST(RedisClient, ClosesTheConnectionWhenNoReplyComesInTime) {
    ScriptedPeer peer(std::vector<PeerScript>{
        greeting + PeerScript{expect(encoded({"GET", "slow"})), test::stall()},
        greeting +
            PeerScript{expect(encoded({"GET", "a"})), test::send("$1\r\n1\r\n"), test::swallow()},
    });
    Options options = options_for(peer);
    options.command_timeout = std::chrono::milliseconds(100);
    ClientOf scope(options);
    std::vector<std::string> outcomes(3);
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        Command slow = get("slow");
        outcomes[0] = co_await outcome_of(scope.client, std::move(slow));
        Command early = get("early");
        outcomes[1] = co_await outcome_of(scope.client, std::move(early));
        co_await until_available(scope.client);
        Command next = get("a");
        outcomes[2] = co_await outcome_of(scope.client, std::move(next));
    };
    scope.run(body);
    EXPECT_EQ(outcomes[0], "Unavailable: no reply to GET within 100 ms");
    EXPECT_THAT(outcomes[1], StartsWith("Unavailable: no reply to GET"));
    EXPECT_EQ(outcomes[2], "1");
}

TEST(RedisClient, TakesARefusalOfEverybodyAsUnavailableUntilAWriteSucceeds) {
    for (const std::string refusal :
         {"LOADING Redis is loading",
          "READONLY You can't write",
          "MASTERDOWN Link",
          "CLUSTERDOWN Hash slot",
          "BUSY Redis is busy",
          "MISCONF Redis is configured",
          "OOM command not allowed",
          "NOREPLICAS Not enough"}) {
        SCOPED_TRACE(refusal);
        ScriptedPeer peer(std::vector<PeerScript>{
            greeting +
                PeerScript{
                    expect(encoded({"GET", "a"})),
                    test::send("-" + refusal + "\r\n"),
                    test::swallow()},
            PeerScript{greeting[0], test::send("-" + refusal + "\r\n"), test::swallow()},
            greeting + PeerScript{test::swallow()},
        });
        ClientOf scope(options_for(peer));
        std::string outcome;
        const auto body = [&]() -> asio::awaitable<void> {
            co_await until_available(scope.client);
            Command command = get("a");
            outcome = co_await outcome_of(scope.client, std::move(command));
            EXPECT_EQ(scope.client.available() ? refusal : "", "");
            co_await until_available(scope.client);
        };
        scope.run(body);
        EXPECT_EQ(outcome, "Unavailable: " + refusal);
        EXPECT_EQ(peer.accepted(), 3U);
    }
}

TEST(RedisClient, TakesARefusalOfOurAccountAsUnavailable) {
    for (const std::string refusal :
         {"NOPERM this user has no permissions", "MOVED 3999 127.0.0.1:6381"}) {
        SCOPED_TRACE(refusal);
        ScriptedPeer peer(
            greeting +
            PeerScript{
                expect(encoded({"GET", "a"})),
                test::send("-" + refusal + "\r\n"),
                expect(encoded({"GET", "b"})),
                test::send("$1\r\n1\r\n"),
                test::swallow()}
        );
        ClientOf scope(options_for(peer));
        std::vector<std::string> outcomes(3);
        const auto body = [&]() -> asio::awaitable<void> {
            co_await until_available(scope.client);
            Command first = get("a");
            outcomes[0] = co_await outcome_of(scope.client, std::move(first));
            Command second = get("b");
            outcomes[1] = co_await outcome_of(scope.client, std::move(second));
        };
        scope.run(body);
        EXPECT_EQ(outcomes[0], "Unavailable: " + refusal);
        EXPECT_EQ(outcomes[1], "1");
    }
}

TEST(RedisClient, KeepsTryingWithAWrongPassword) {
    const PeerScript refused = {
        expect(encoded({"AUTH", "wrong"})),
        test::send("-WRONGPASS invalid username-password pair\r\n"),
        test::swallow()};
    const PeerScript taken =
        PeerScript{expect(encoded({"AUTH", "wrong"})), test::send("+OK\r\n")} + greeting;
    ScriptedPeer peer(std::vector<PeerScript>{refused, refused, taken + PeerScript{test::swallow()}}
    );
    Options options = options_for(peer);
    options.address.password = Secret("wrong");
    ClientOf scope(options);
    std::string error;
    const auto body = [&]() -> asio::awaitable<void> {
        while (!scope.client.available()) {
            error = scope.client.last_error();
            co_await net::sleep_for(std::chrono::milliseconds(2));
        }
    };
    scope.run(body);
    EXPECT_THAT(error, StartsWith("WRONGPASS"));
}

TEST(RedisClient, LeavesAPeerThatAnswersTwice) {
    ScriptedPeer peer(std::vector<PeerScript>{
        greeting +
            PeerScript{
                expect(encoded({"GET", "a"})),
                test::send("$1\r\n1\r\n$1\r\n1\r\n"),
                test::swallow()},
        greeting + PeerScript{test::swallow()},
    });
    ClientOf scope(options_for(peer));
    std::string outcome;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        Command command = get("a");
        outcome = co_await outcome_of(scope.client, std::move(command));
        while (peer.accepted() < 2) {
            co_await net::sleep_for(std::chrono::milliseconds(2));
        }
        co_await until_available(scope.client);
    };
    scope.run(body);
    EXPECT_EQ(outcome, "1");
}

TEST(RedisClient, LeavesAPeerThatSpeaksRubbish) {
    ScriptedPeer peer(std::vector<PeerScript>{
        PeerScript{test::send("HTTP/1.1 400 Bad Request\r\n\r\n"), test::swallow()},
        greeting +
            PeerScript{
                expect(encoded({"GET", "a"})), test::send("*1000000000\r\n"), test::swallow()},
        greeting + PeerScript{test::swallow()},
    });
    ClientOf scope(options_for(peer));
    std::string outcome;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        Command command = get("a");
        outcome = co_await outcome_of(scope.client, std::move(command));
        co_await until_available(scope.client);
    };
    scope.run(body);
    EXPECT_THAT(outcome, HasSubstr("too many values"));
    EXPECT_EQ(peer.accepted(), 3U);
}

TEST(RedisClient, SendsAScriptsTextOnlyToAServerThatDoesNotKnowIt) {
    const Script script("return KEYS[1]");
    const PeerScript steps =
        greeting + PeerScript{
                       expect(encoded({"EVALSHA", script.sha1(), "1", "key", "arg"})),
                       test::send("-NOSCRIPT No matching script. Please use EVAL.\r\n"),
                       expect(encoded({"EVAL", script.text(), "1", "key", "arg"})),
                       test::send("$3\r\nkey\r\n"),
                       expect(encoded({"EVALSHA", script.sha1(), "1", "key", "arg"})),
                       test::send("$3\r\nkey\r\n"),
                       test::swallow(),
                   };
    ScriptedPeer peer(steps);
    ClientOf scope(options_for(peer));
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        for (int call = 0; call < 2; ++call) {
            ScriptCall script_call = {.keys = {"key"}, .arguments = {"arg"}};
            const Result<Reply> reply = co_await scope.client.eval(script, std::move(script_call));
            EXPECT_EQ(*reply->text(), "key");
        }
    };
    scope.run(body);
    EXPECT_EQ(peer.failure(), "");
}

TEST(RedisClient, RunsAScriptForManyCallsInOneWrite) {
    const Script script("return KEYS[1]");
    const auto sha1_call = [&](const std::string& key) {
        return encoded({"EVALSHA", script.sha1(), "1", key});
    };
    const PeerScript steps =
        greeting +
        PeerScript{
            expect(sha1_call("a") + sha1_call("b") + sha1_call("c")),
            test::send("$1\r\na\r\n-ERR b is wrong\r\n-NOSCRIPT No matching script.\r\n"),
            expect(encoded({"EVAL", script.text(), "1", "c"})),
            test::send("$1\r\nc\r\n"),
            test::swallow(),
        };
    ScriptedPeer peer(steps);
    ClientOf scope(options_for(peer));
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        std::vector<ScriptCall> calls(3);
        calls[0].keys = {"a"};
        calls[1].keys = {"b"};
        calls[2].keys = {"c"};
        const std::vector<Result<Reply>> replies =
            co_await scope.client.eval_all(script, std::move(calls));
        EXPECT_EQ(*replies.at(0)->text(), "a");
        EXPECT_EQ(replies.at(1).error().message, "ERR b is wrong");
        EXPECT_EQ(*replies.at(2)->text(), "c");
    };
    scope.run(body);
    EXPECT_EQ(peer.failure(), "");
}

TEST(RedisClient, StopEndsTheWaitForAReply) {
    ScriptedPeer peer(greeting + PeerScript{test::swallow()});
    ClientOf scope(options_for(peer));
    std::string outcome;
    net::TaskGroup tasks(scope.context.get_executor());
    const auto ask = [&]() -> asio::awaitable<void> {
        Command command = get("a");
        outcome = co_await outcome_of(scope.client, std::move(command));
    };
    const auto body = [&]() -> asio::awaitable<void> {
        co_await until_available(scope.client);
        tasks.start("ask", ask());
        co_await net::sleep_for(std::chrono::milliseconds(10));
        co_await scope.client.stop();
        co_await tasks.join();
    };
    scope.run(body);
    EXPECT_EQ(outcome, "Unavailable: stopped");
}

}  // namespace
}  // namespace chatear::redis
