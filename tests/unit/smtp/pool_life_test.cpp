#include "net/task_group.hpp"
#include "unit/smtp/pool_on_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::smtp::test {
namespace {

using testing::HasSubstr;

TEST_F(PoolOnPeer, StoppingFinishesWhatHasBegunAndRefusesTheRest) {
    begin({join({hello(), one_mail(), goodbye()})});
    Ending late;
    bool asked = false;
    bool released = false;
    before = [&]() -> asio::awaitable<bool> {
        asked = true;
        while (!released) {
            co_await net::sleep_for(milliseconds(1));
        }
        co_return true;
    };
    run([&]() -> asio::awaitable<void> {
        pool->start();
        net::TaskGroup others(context.get_executor());
        others.start("first", send(first));
        others.start("second", send(second));  // Waits for the only connection.
        while (!asked) {
            co_await net::sleep_for(milliseconds(1));
        }
        others.start("stop", pool->stop(milliseconds(3000)));
        while (second.thrown.empty()) {
            co_await net::sleep_for(milliseconds(1));
        }
        released = true;
        co_await others.join();
        co_await send(late);
        co_await pool->stop(milliseconds(0));  // A second stop is fine.
    });
    ASSERT_TRUE(first.result) << first.thrown;
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_THAT(second.thrown, HasSubstr("not running"));
    EXPECT_THAT(late.thrown, HasSubstr("not running"));
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, Rule13AtTheEndOfTheDrainWhatIsUnansweredIsInDoubt) {
    PeerScript script = join({hello(), one_mail()});
    script.back() = chatear::test::stall();
    begin({script});
    run([this]() -> asio::awaitable<void> {
        pool->start();
        net::TaskGroup others(context.get_executor());
        others.start("first", send(first));
        while (!peer->received().ends_with(content_on_the_wire)) {
            co_await net::sleep_for(milliseconds(1));
        }
        co_await pool->stop(milliseconds(30));
        co_await others.join();
    });
    ASSERT_TRUE(first.result) << first.thrown;
    EXPECT_EQ(first.result->status, SendStatus::in_doubt);
}

TEST_F(PoolOnPeer, StopsWhileItConnectsAndWithoutStart) {
    begin({PeerScript{chatear::test::stall()}});
    run([this]() -> asio::awaitable<void> {
        pool->start();
        net::TaskGroup others(context.get_executor());
        others.start("first", send(first));
        while (peer->accepted() == 0) {
            co_await net::sleep_for(milliseconds(1));
        }
        co_await pool->stop(milliseconds(1000));
        co_await others.join();
    });
    EXPECT_THAT(first.thrown, HasSubstr("not running"));

    Pool never_started(context.get_executor(), options_for(1));
    run([&never_started]() -> asio::awaitable<void> {
        co_await never_started.stop(milliseconds(0));
    });
}

TEST_F(PoolOnPeer, ACallerThatIsStoppedWhileItWaitsHarmsNobody) {
    begin({join({hello(), one_mail(), goodbye()})});
    run([this]() -> asio::awaitable<void> {
        net::TaskGroup impatient(context.get_executor());
        pool->start();
        impatient.start("second", send(second));
        co_await net::sleep_for(milliseconds(0));
        co_await impatient.stop();
        co_await send(first);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_FALSE(second.result);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, ASenderThatIsStoppedWhileItsMessageIsUnderWayTakesItsConnectionWithIt) {
    const std::string asking = "DATA\r\n";
    for (const std::string& until : {asking, content_on_the_wire}) {
        PeerScript script = join({hello(), one_mail()});
        script.back() = chatear::test::swallow();
        begin({script, join({hello(), one_mail(), goodbye()})});
        run([&]() -> asio::awaitable<void> {
            bool released = until != asking;
            before = [&released]() -> asio::awaitable<bool> {
                while (!released) {
                    co_await net::sleep_for(milliseconds(1));
                }
                co_return true;
            };
            net::TaskGroup impatient(context.get_executor());
            pool->start();
            impatient.start("second", send(second));
            while (!peer->received().ends_with(until)) {
                co_await net::sleep_for(milliseconds(1));
            }
            co_await impatient.stop();
            before = grant;
            co_await send(first);
            co_await pool->stop(milliseconds(1000));
        });
        ASSERT_TRUE(first.result) << first.thrown;
        EXPECT_EQ(first.result->status, SendStatus::accepted);
        EXPECT_FALSE(second.result);
    }
}

TEST_F(PoolOnPeer, IdleConnectionsAboveALoweredAllowanceAreNotInTheWay) {
    const PeerScript throttled = {
        chatear::test::expect(envelope_group),
        chatear::test::send("250 ok\r\n250 ok\r\n354 go on\r\n"),
        chatear::test::expect(content_on_the_wire),
        chatear::test::send("454 4.7.0 throttling\r\n"),
        chatear::test::swallow()};
    begin(
        {join({hello(), throttled}), join({hello(), one_mail(), goodbye()})},
        [](Options& options) { options.connections = 2; }
    );
    run_both();
    ASSERT_TRUE(second.result) << second.thrown;
    EXPECT_EQ(second.result->status, SendStatus::accepted);
}

TEST_F(PoolOnPeer, IdleConnectionsAreClosedAndMadeAgainWhenNeeded) {
    const PeerScript whole = join({hello(), one_mail(), goodbye()});
    begin({whole, whole}, [](Options& options) { options.idle_limit = milliseconds(20); });
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        while (pool->counters().open > 0) {
            co_await net::sleep_for(milliseconds(1));
        }
        EXPECT_TRUE(pool->available());
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(pool->counters().connected, 2U);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, OnlyAConnectionThatStillAnswersSaysWhatTheServerCannotTake) {
    recipient = "gr\xc3\xbc\xc3\x9f@b.test";
    const auto scenario = [this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        co_await pool->stop(milliseconds(1000));
    };
    const PeerScript rset = {chatear::test::expect("RSET\r\n"), chatear::test::send("250 ok\r\n")};
    const PeerScript takes_all = {
        chatear::test::expect(
            "MAIL FROM:<shop@a.test> BODY=8BITMIME SMTPUTF8\r\nRCPT TO:<" + recipient +
            ">\r\nDATA\r\n"
        ),
        chatear::test::send("250 ok\r\n250 ok\r\n354 go on\r\n"),
        chatear::test::expect(content_on_the_wire),
        chatear::test::send("250 queued\r\n")};
    PeerScript utf8_hello = hello();
    utf8_hello.back() =
        chatear::test::send("250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n");
    const PeerScript upgraded = join({utf8_hello, takes_all, goodbye()});
    for (const PeerScript& end : std::vector<PeerScript>{
             {chatear::test::hang_up()},
             {chatear::test::expect("RSET\r\n"), chatear::test::hang_up()},
             {chatear::test::expect("RSET\r\n"),
              chatear::test::send("421 4.3.2 restarting\r\n"),
              chatear::test::hang_up()}}) {
        begin({join({hello(), end}), upgraded});
        run(scenario);
        ASSERT_TRUE(first.result) << first.thrown;
        EXPECT_EQ(first.result->status, SendStatus::accepted);
        EXPECT_EQ(peer->failure(), "");
    }
    begin({join({hello(), rset, goodbye()})});
    run(scenario);
    EXPECT_EQ(first.result->status, SendStatus::never);
    EXPECT_EQ(first.result->culprit, Culprit::never_message);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, AServerThatIsNotThereIsUnavailableAtOnceAndTriedAgain) {
    begin({});
    const std::uint16_t port = peer->port();
    peer.reset();  // Nobody listens.
    pool.emplace(context.get_executor(), options_for(port));
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        EXPECT_FALSE(pool->available());
        while (pool->counters().failed_connections < 3) {
            co_await net::sleep_for(milliseconds(1));
        }
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_THAT(first.thrown, HasSubstr("connect: "));
    EXPECT_THAT(second.thrown, HasSubstr("connect: "));
}

}  // namespace
}  // namespace chatear::smtp::test
