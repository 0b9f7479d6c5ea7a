#include "jetstream_script.hpp"

namespace chatear::nats {
namespace {

TEST_F(Rule4Scripted, NoAckLeavesAfterASequenceWentBackUntilBothInfosWereRead) {
    JetStreamScript script;
    script.verification(stream_created, consumer_created).pull();
    script.delivery(1, 10, 5, 1'000).delivery(1, 1, 1, 2'000);
    script.verification("2026-11-23T11:00:00Z", "2026-11-23T11:00:05Z")
        .pull()
        .step(test::swallow());
    run(script, [](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
        std::vector<JetStreamMessage> got = co_await consumer.receive();
        while (got.size() < 2) {
            std::vector<JetStreamMessage> more = co_await consumer.receive();
            got.push_back(std::move(more.at(0)));
        }
        consumer.set_credit(2, enough_bytes);
        consumer.ack(got[0].ack);
        consumer.ack(got[1].ack);
        consumer.in_progress(got[0].ack);
        const auto noticed = [&] { return consumer.counters().incarnations == 1; };
        const bool other = co_await until(noticed);
        EXPECT_TRUE(other);
        EXPECT_EQ(consumer.counters().stale_acks, 2U);
        EXPECT_EQ(consumer.counters().recreated, 0U);
        EXPECT_EQ(peer.received().find("+ACK"), std::string::npos);
        EXPECT_EQ(peer.received().find("+WPI"), std::string::npos);
    });
}

TEST_F(Rule4Scripted, AcksGivenInDoubtLeaveWhenNothingHadChanged) {
    JetStreamScript script;
    script.verification(stream_created, consumer_created).pull();
    script.delivery(1, 10, 5, 1'000).delivery(1, 11, 3, 2'000);
    script.verification(stream_created, consumer_created).stored(10, "1970-01-01T00:00:00.000001Z");
    script.step(test::skip_until("PUB $JS.ACK.S.worker.1.10.5.1000.0 4\r\n+ACK\r\n"))
        .step(test::swallow());
    run(script, [](ScriptedPeer& peer, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto both = [&] { return consumer.counters().received == 2; };
        const bool came = co_await until(both);
        EXPECT_TRUE(came);
        const std::vector<JetStreamMessage> got = co_await consumer.receive();
        consumer.ack(got.at(0).ack);
        const auto sent = [&] { return peer.received().find("+ACK") != std::string::npos; };
        const bool left = co_await until(sent);
        EXPECT_TRUE(left);
        EXPECT_EQ(consumer.counters().incarnations, 0U);
    });
}

TEST_F(Rule4Scripted, SilenceIsLookedInto) {
    JetStreamScript script;
    script.verification(stream_created, consumer_created).pull();
    script.verification(stream_created, "2026-11-23T12:00:00Z")
        .pull()
        .delivery(2, 1, 1, 1'000)
        .step(test::swallow());
    run(script, [](ScriptedPeer&, PullConsumer& consumer) -> asio::awaitable<void> {
        const std::vector<JetStreamMessage> got = co_await consumer.receive();
        EXPECT_EQ(got.size(), 1U);
        EXPECT_TRUE(consumer.holds(got.at(0).ack));
        EXPECT_EQ(consumer.counters().incarnations, 1U);
        EXPECT_EQ(consumer.counters().verifications, 2U);
    });
}

TEST_F(Rule4Scripted, ADeliveryWithoutAReplySubjectOfJetStreamIsIgnored) {
    JetStreamScript script;
    script.verification(stream_created, consumer_created).pull();
    script.step(test::send("MSG email.send 2 1\r\nx\r\nMSG email.send 2 some.where 1\r\nx\r\n"));
    script.delivery(1, 1, 1, 1'000).step(test::swallow());
    run(script, [](ScriptedPeer&, PullConsumer& consumer) -> asio::awaitable<void> {
        const std::vector<JetStreamMessage> got = co_await consumer.receive();
        EXPECT_EQ(got.size(), 1U);
        EXPECT_EQ(got.at(0).stream_seq, 1U);
    });
}

}  // namespace
}  // namespace chatear::nats
