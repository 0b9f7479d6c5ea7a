// What breaks a connection, and that the client comes back.
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
using testing::StartsWith;

TEST(RedisClientOutage, ComesBackAfterABreakAtEveryByteOfTheServer) {
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

TEST(RedisClientOutage, ClosesTheConnectionWhenNoReplyComesInTime) {
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

TEST(RedisClientOutage, TakesARefusalOfEverybodyAsUnavailableUntilAWriteSucceeds) {
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

TEST(RedisClientOutage, TakesARefusalOfOurAccountAsUnavailable) {
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

TEST(RedisClientOutage, KeepsTryingWithAWrongPassword) {
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
        error = co_await error_until_available(scope.client);
    };
    scope.run(body);
    EXPECT_THAT(error, StartsWith("WRONGPASS"));
}

TEST(RedisClientOutage, GivesAPeerUpThatDoesNotLetItInInTime) {
    // One limit for all of it: with one a step, a slow peer would be waited for five times as long.
    const PeerScript slow = {
        expect(encoded({"AUTH", "pw"})),
        test::send("+OK\r\n"),
        expect(encoded({"SELECT", "1"})),
        test::stall()};
    const PeerScript quick =
        PeerScript{
            expect(encoded({"AUTH", "pw"})),
            test::send("+OK\r\n"),
            expect(encoded({"SELECT", "1"})),
            test::send("+OK\r\n")} +
        greeting;
    ScriptedPeer peer(std::vector<PeerScript>{slow, quick + PeerScript{test::swallow()}});
    Options options = options_for(peer);
    options.address.password = Secret("pw");
    options.address.database = 1;
    options.connect_timeout = std::chrono::milliseconds(100);
    options.command_timeout = std::chrono::seconds(60);
    ClientOf scope(options);
    std::string error;
    const auto body = [&]() -> asio::awaitable<void> {
        error = co_await error_until_available(scope.client);
    };
    scope.run(body);
    EXPECT_EQ(error, "it did not let us in in time");
}

TEST(RedisClientOutage, LeavesAPeerThatAnswersTwice) {
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

TEST(RedisClientOutage, LeavesAPeerThatSpeaksRubbish) {
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

}  // namespace
}  // namespace chatear::redis
