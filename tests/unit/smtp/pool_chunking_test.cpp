// What a pool knows of a server that announces CHUNKING: nothing, until it was seen.
#include "net/task_group.hpp"
#include "unit/smtp/pool_on_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace chatear::smtp::test {
namespace {

using chatear::test::expect;
using chatear::test::hang_up;
using testing::HasSubstr;
using testing::Not;

const std::string envelope = "MAIL FROM:<shop@a.test>\r\nRCPT TO:<ann@b.test>\r\n";
const std::string first_line = "Subject: x\r\n";
const std::string probe = "BDAT 12\r\n" + first_line;

PeerScript probing(const std::string& answer) {
    return {
        expect(envelope),
        chatear::test::send("250 ok\r\n250 ok\r\n"),
        expect(probe),
        chatear::test::send(answer)};
}

PeerScript proven() {
    return join(
        {probing("250 ok\r\n"),
         {expect("BDAT 9 LAST\r\n" + content.substr(first_line.size())),
          chatear::test::send("250 queued\r\n")}}
    );
}

PeerScript chunk() {
    return {
        expect(envelope + "BDAT 21 LAST\r\n" + content),
        chatear::test::send("250 ok\r\n250 ok\r\n250 queued\r\n")};
}

class PoolAndChunking : public PoolOnPeer {
protected:
    enum class Between { nothing, end_of_connection };

    void send_both(Between between = Between::nothing) {
        before = count_and_grant(asked);
        run([this, between]() -> asio::awaitable<void> {
            pool->start();
            co_await send(first);
            while (between == Between::end_of_connection && pool->counters().open > 0) {
                co_await net::sleep_for(milliseconds(1));
            }
            co_await send(second);
            co_await pool->stop(milliseconds(1000));
        });
        ASSERT_TRUE(first.result && second.result) << first.thrown << second.thrown;
        EXPECT_EQ(first.result->status, SendStatus::accepted);
        EXPECT_EQ(second.result->status, SendStatus::accepted);
        EXPECT_EQ(pool->counters().try_later, 0U) << "no attempt is counted";
        EXPECT_EQ(peer->failure(), "");
    }

    asio::awaitable<void> send_to(std::string to, Ending& ending) {
        recipient = std::move(to);
        co_await send(ending);
    }

    int asked = 0;
};

TEST_F(PoolAndChunking, OneConnectionProvesItForThoseThatComeLater) {
    begin(
        {join({chunking_hello(), proven(), {hang_up()}}),
         join({chunking_hello(), chunk(), goodbye()})}
    );
    send_both(Between::end_of_connection);
    EXPECT_EQ(asked, 2);
    EXPECT_TRUE(pool->counters().chunking);
}

TEST_F(PoolAndChunking, WhoAnnouncesSomethingElseIsAnotherServer) {
    PeerScript other_hello = chunking_hello();
    other_hello.back() =
        chatear::test::send("250-mx.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 CHUNKING\r\n");
    begin(
        {join({chunking_hello(), proven(), {hang_up()}}), join({other_hello, proven(), goodbye()})}
    );
    send_both(Between::end_of_connection);
}

TEST_F(PoolAndChunking, WhereBdatIsNotKnownTheMessageGoesByDataAndNothingElseEverDid) {
    for (const std::string answer : {"500", "502", "503", "504"}) {
        SCOPED_TRACE(answer);
        asked = 0;
        const std::string to_each_line = answer + " what?\r\n" + answer + " what?\r\n";
        begin(
            {join({chunking_hello(), probing(to_each_line), {chatear::test::swallow()}}),
             join({chunking_hello(), one_mail(), one_mail(), goodbye()})}
        );
        send_both();
        EXPECT_EQ(asked, 2) << "once a message";
        EXPECT_FALSE(pool->counters().chunking);
        EXPECT_THAT(peer->received(0), Not(HasSubstr("Hello"))) << "of the content only a header";
    }
}

TEST_F(PoolAndChunking, AConnectionThatEndsInTheProbeIsReplacedAndNothingIsLearnt) {
    begin(
        {join({chunking_hello(), probing("421 4.3.2 closing\r\n"), {hang_up()}}),
         join({chunking_hello(), probing(""), {hang_up()}}),
         join({chunking_hello(), proven(), chunk(), goodbye()})}
    );
    send_both();
    EXPECT_TRUE(pool->counters().chunking);
    EXPECT_EQ(pool->counters().in_doubt, 0U);
}

TEST_F(PoolAndChunking, AMessageThatAPolicyRefusesAtBdatIsJudgedByDataAndTheNextProves) {
    const PeerScript refused =
        join({chunking_hello(), one_envelope("250 ok\r\n250 ok\r\n554 5.7.1 no\r\n")});
    begin(
        {join({chunking_hello(), probing("554 5.7.1 no\r\n"), {hang_up()}}),
         join(
             {refused,
              {chatear::test::expect("RSET\r\n" + envelope)},
              {chatear::test::send("250 ok\r\n250 ok\r\n250 ok\r\n")},
              {expect(probe),
               chatear::test::send("250 ok\r\n"),
               expect("BDAT 9 LAST\r\n" + content.substr(first_line.size())),
               chatear::test::send("250 queued\r\n")},
              goodbye()}
         )}
    );
    run_both();
    ASSERT_TRUE(first.result && second.result) << first.thrown << second.thrown;
    EXPECT_EQ(first.result->status, SendStatus::never) << "the server's word on the message";
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_TRUE(pool->counters().chunking);
    EXPECT_EQ(peer->failure(), "");
}

TEST_F(PoolAndChunking, WhatDataBringsThroughAndBdatDidNotIsLearntFrom) {
    begin(
        {join({chunking_hello(), probing("550 5.5.1 what?\r\n"), {chatear::test::swallow()}}),
         join({chunking_hello(), one_mail(), one_mail(), goodbye()})}
    );
    send_both();
    EXPECT_FALSE(pool->counters().chunking);
}

TEST_F(PoolAndChunking, WhereEachConnectionEndsAtBdatTheMessageGoesByDataInTheEnd) {
    const PeerScript silenced = join({chunking_hello(), probing(""), {hang_up()}});
    begin(
        {silenced, silenced, silenced, join({chunking_hello(), one_mail(), one_mail(), goodbye()})}
    );
    run([this]() -> asio::awaitable<void> {
        pool->start();
        co_await send(first);
        co_await until_available();
        co_await send(first);
        co_await send(second);
        co_await pool->stop(milliseconds(1000));
    });
    EXPECT_THAT(first.thrown, HasSubstr("unavailable")) << "an outage costs no attempt";
    ASSERT_TRUE(first.result && second.result);
    EXPECT_EQ(first.result->status, SendStatus::accepted);
    EXPECT_EQ(second.result->status, SendStatus::accepted);
    EXPECT_FALSE(pool->counters().chunking);
    EXPECT_EQ(pool->counters().in_doubt, 0U);
    EXPECT_EQ(peer->failure(), "");
}

/// Behind one that the server had no more messages for, two wait for another connection.
TEST_F(PoolAndChunking, MessagesThatComeBackFromAConnectionKeepTheirTurn) {
    const auto to = [](const std::string& script, const std::string& whom) {
        std::string changed = script;
        return changed.replace(changed.find("ann@b.test"), 10, whom);
    };
    const std::string whole = envelope + "BDAT 21 LAST\r\n" + content;
    const std::string both = to(whole, "bob@b.test") + "RSET\r\n" + to(whole, "eve@b.test");
    const std::string three_oks = "250 ok\r\n250 ok\r\n250 queued\r\n";
    PeerScript full = proven();
    full[4].bytes += "RSET\r\n" + both;
    full[5].bytes += "250 ok\r\n421 4.7.0 too many messages\r\n";
    full.push_back(hang_up());
    const PeerScript next = {
        expect(both), chatear::test::send(three_oks + "250 ok\r\n" + three_oks)};
    begin({join({chunking_hello(), full}), join({chunking_hello(), next, goodbye()})});
    Ending third;
    run([this, &third]() -> asio::awaitable<void> {
        net::TaskGroup senders(context.get_executor());
        pool->start();
        senders.start("first", send_to("ann@b.test", first));
        senders.start("second", send_to("bob@b.test", second));
        senders.start("third", send_to("eve@b.test", third));
        co_await senders.join();
        co_await pool->stop(milliseconds(1000));
    });
    for (const Ending& ending : {first, second, third}) {
        ASSERT_TRUE(ending.result) << ending.thrown;
        EXPECT_EQ(ending.result->status, SendStatus::accepted);
    }
    EXPECT_EQ(peer->failure(), "");
}

}  // namespace
}  // namespace chatear::smtp::test
