#include "net/task_group.hpp"
#include "unit/smtp/pool_on_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace chatear::smtp::test {
namespace {

using chatear::test::expect;
using chatear::test::hang_up;
using testing::HasSubstr;

/// A server that says this to the first command and hangs up.
PeerScript at_mail(const std::string& reply) {
    return join({hello(), {expect(envelope_group), chatear::test::send(reply), hang_up()}});
}

TEST_F(PoolOnPeer, SendsSeveralMailsOverOneConnectionAndSaysGoodbye) {
    begin({join({hello(), one_mail(), one_mail(), goodbye()})});
    run_both();
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(pool->counters().accepted, 2U);
    EXPECT_EQ(pool->counters().connected, 1U);
    EXPECT_EQ(peer->failure(), "");
    EXPECT_TRUE(pool->extensions()->pipelining);
}

TEST_F(PoolOnPeer, AConnectionThatEndsBeforeTheContentIsReplaced) {
    for (const std::string reply :
         {"", "421 4.3.2 closing\r\n", "250 ok\r\n421 4.3.2 closing\r\n", "250 ok\r\n250 ok\r\n"}) {
        SCOPED_TRACE(reply);
        begin({at_mail(reply), at_mail(reply), join({hello(), one_mail(), goodbye()})});
        run([this]() -> asio::awaitable<void> {
            pool->start();
            co_await send(first);
            co_await pool->stop(milliseconds(1000));
        });
        ASSERT_TRUE(first.result) << first.thrown;
        EXPECT_EQ(first.result->status, SendStatus::accepted);
        EXPECT_EQ(pool->counters().connected, 3U);
        EXPECT_EQ(pool->counters().try_later, 0U) << "no attempt is counted";
        EXPECT_EQ(peer->failure(), "");
    }
}

TEST_F(PoolOnPeer, Rule18AServerThatNeverGetsToTheContentIsUnavailableAndFoundAgain) {
    const PeerScript closing = at_mail("421 4.3.2 closing\r\n");
    begin({closing, closing, closing, join({hello(), one_mail(), goodbye()})});
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        EXPECT_FALSE(pool->available());
        EXPECT_THAT(pool->last_error(), HasSubstr("421 4.3.2 closing"));
        co_await until_available();
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_THAT(first.thrown, HasSubstr("421 4.3.2 closing"));
    ASSERT_TRUE(second.result) << second.thrown;
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, A4xxToMailOnAUsedConnectionIsAboutTheConnection) {
    const PeerScript tired = {
        expect(envelope_group),
        chatear::test::send("452 4.3.0 too many mails\r\n503 no\r\n503 no\r\n"),
        chatear::test::swallow()};
    begin({join({hello(), one_mail(), tired}), join({hello(), one_mail(), goodbye()})});
    run_both();
    ASSERT_TRUE(second.result) << second.thrown;
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, A421AtTheEndOfAUsedConnectionDoesNotMakeThePoolSmaller) {
    const auto eight = [](Options& options) { options.connections = 8; };
    const auto send_two = [this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    };
    const PeerScript closing = at_mail("421 4.7.0 too many mails\r\n");
    const PeerScript used_up = join({hello(), one_mail(), {closing.begin() + 3, closing.end()}});
    begin({used_up, join({hello(), one_mail(), goodbye()})}, eight);
    run(send_two);
    ASSERT_TRUE(second.result) << second.thrown;
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(pool->counters().allowed, 8U);
    EXPECT_EQ(peer->failure(), "");

    begin({used_up, closing, join({hello(), one_mail(), goodbye()})}, eight);
    run(send_two);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_LT(pool->counters().allowed, 8U) << "a new connection was told so too";
}

TEST_F(PoolOnPeer, AConnectionOnWhichMoreWasSaidThanAskedIsNotUsedAgain) {
    begin(
        {join({hello(), one_mail("250 ok\r\n250 ok\r\n354 go on\r\n", "250 queued\r\n421 bye\r\n")}
         ),
         join({hello(), one_mail(), goodbye()})}
    );
    run_both();
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    ASSERT_TRUE(second.result) << second.thrown;
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_THAT(peer->received(0), testing::EndsWith(content_on_the_wire));
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, AfterARefusedRecipientTheNextMailBeginsWithRset) {
    const PeerScript refused = {
        expect(envelope_group),
        chatear::test::send("250 ok\r\n550 5.1.1 nobody\r\n554 5.5.1 no valid recipients\r\n")};
    PeerScript next = one_mail("250 reset\r\n250 ok\r\n250 ok\r\n354 go on\r\n");
    next.front() = expect("RSET\r\n" + envelope_group);
    begin({join({hello(), refused, next, goodbye()})});
    run_both();
    EXPECT_EQ(first.result->status, SendStatus::never);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, AWrongPasswordIsTriedOnceAndThenThePoolPauses) {
    const PeerScript refusing = {
        chatear::test::send("220 mx\r\n"),
        expect("EHLO client.test\r\n"),
        chatear::test::send("250-mx\r\n250 AUTH PLAIN\r\n"),
        chatear::test::expect_line("AUTH PLAIN "),
        chatear::test::send("535 5.7.8 no\r\n"),
    };
    begin({refusing, refusing}, [](Options& options) {
        options.credentials = Credentials{"tim", Secret("tanstaaf")};
        options.connections = 8;
    });
    run([this]() -> asio::awaitable<void> {
        pool->start();
        net::TaskGroup senders(context.get_executor());
        senders.start("first", send(first));
        senders.start("second", send(second));
        co_await senders.join();
        co_await net::sleep_for(milliseconds(100)
        );  // Many times the backoff of a server that is down.
        co_await send(first);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_THAT(first.thrown, HasSubstr("535 5.7.8 no"));
    EXPECT_THAT(second.thrown, HasSubstr("535 5.7.8 no"));
    EXPECT_EQ(peer->accepted(), 1U);
}

TEST_F(PoolOnPeer, ARefusalOfTheSenderAtMailPausesAndEndsByItself) {
    const PeerScript refusing = {
        expect(envelope_group),
        chatear::test::send("550 5.7.1 sender address rejected\r\n503 no\r\n503 no\r\n")};
    PeerScript next = one_mail("250 reset\r\n250 ok\r\n250 ok\r\n354 go on\r\n");
    next.front() = expect("RSET\r\n" + envelope_group);
    begin({join({hello(), refusing, next, goodbye()})}, [](Options& options) {
        options.pause_first = options.pause_most = milliseconds(20);
    });
    Ending meanwhile;
    run([this, &meanwhile]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        co_await send(meanwhile);
        co_await until_available();
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_EQ(first.result->status, SendStatus::sender_refused);
    EXPECT_THAT(meanwhile.thrown, HasSubstr("sender address rejected"));
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolOnPeer, Rule12AfterTheContentEveryEndIsAValue) {
    begin({join({hello(), one_mail("250 ok\r\n250 ok\r\n354 go on\r\n", "")})});
    run_first();
    ASSERT_TRUE(first.result) << first.thrown;
    EXPECT_EQ(first.result->status, SendStatus::in_doubt);
    EXPECT_EQ(peer->accepted(), 1U) << "not sent again by itself";
}

TEST_F(PoolOnPeer, Rule12WhatThePermissionThrowsReachesTheCallerAndNoContentLeaves) {
    const PeerScript script = join({hello(), one_envelope(), {chatear::test::swallow()}});
    begin({script, join({hello(), one_mail(), goodbye()})});
    before = []() -> asio::awaitable<bool> {
        throw Unavailable("postgres", "db:5432", "gone");
        co_return true;
    };
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        before = grant;
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_THAT(first.thrown, HasSubstr("postgres"));
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_THAT(peer->received(0), testing::EndsWith("DATA\r\n"));
}

TEST_F(PoolOnPeer, HeldBackContentIsNotTriedAgain) {
    const PeerScript script = join({hello(), one_envelope(), {chatear::test::swallow()}});
    begin({script});
    before = []() -> asio::awaitable<bool> { co_return false; };
    run_first();
    ASSERT_TRUE(first.result) << first.thrown;
    EXPECT_EQ(first.result->status, SendStatus::not_sent);
    EXPECT_TRUE(first.result->held_back);
    EXPECT_EQ(peer->accepted(), 1U);
}

TEST_F(PoolOnPeer, AContentThatIsPermittedAtOnceLeavesAndNobodyIsAskedLater) {
    begin({join({hello(), one_mail(), one_mail(), goodbye()})});
    int asked_later = 0;
    before = BeforeContent([] { return std::optional(true); }, count_and_grant(asked_later));
    run_both();
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_EQ(asked_later, 0);
}

TEST_F(PoolOnPeer, AContentThatIsRefusedAtOnceIsHeldBackAndTheConnectionGoesOn) {
    const PeerScript held_back = join({hello(), one_envelope(), {chatear::test::swallow()}});
    begin({held_back, join({hello(), one_mail(), goodbye()})});
    before = BeforeContent([] { return std::optional(false); }, grant);
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        before = grant;
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_EQ(first.result->status, SendStatus::not_sent);
    EXPECT_TRUE(first.result->held_back);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
}

TEST_F(PoolOnPeer, WhatCannotBeSaidAtOnceIsAskedLater) {
    begin({join({hello(), one_mail(), goodbye()})});
    int asked_later = 0;
    before = BeforeContent([] { return std::optional<bool>(); }, count_and_grant(asked_later));
    run_first();
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_EQ(asked_later, 1);
}

TEST_F(PoolOnPeer, AnUnsafeAddressNeverReachesTheWire) {
    begin({join({hello(), goodbye()})});
    recipient = "ann@b.test>\r\nRCPT TO:<eve@b.test";
    run_first();
    EXPECT_EQ(first.result->status, SendStatus::never);
    EXPECT_EQ(first.result->culprit, Culprit::never_recipient);
}

}  // namespace
}  // namespace chatear::smtp::test
