#include "redis/client.hpp"

#include "scripted_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {
namespace {

using testing::HasSubstr;

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
