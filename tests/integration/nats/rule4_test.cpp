// Rule 4: a delivery belongs to an incarnation of its stream and consumer.
#include "nats_test.hpp"
#include "net/timer.hpp"

namespace chatear::nats {
namespace {

constexpr const char* durable = "notification-worker-email-send";

class Rule4 : public PullTest {
protected:
    /// Holds one delivery (sequence 1), lets `happen` put another stream in its place with a new
    /// event at sequence 1, and acknowledges the old delivery: the new event must still be there.
    void old_ack_after(
        const std::function<asio::awaitable<void>(Client&, PullConsumer&)>& happen,
        std::size_t credit
    ) {
        const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
            Client other(io_, options_for(server_.url()));
            co_await other.connection.wait_connected();
            co_await publish_events(client, 1);
            const std::vector<JetStreamMessage> old = co_await receive(consumer, 1);
            consumer.set_credit(credit, enough_bytes);
            co_await happen(other, consumer);
            const auto is_noticed = [&] { return consumer.counters().incarnations == 1; };
            const bool noticed = co_await until(is_noticed);
            EXPECT_TRUE(noticed);
            EXPECT_FALSE(consumer.holds(old[0].ack));
            co_await other.connection.wait_connected();
            co_await publish_events(other, 1);
            consumer.set_credit(10, enough_bytes);
            const std::vector<JetStreamMessage> fresh = co_await receive(consumer, 1);
            EXPECT_EQ(fresh[0].stream_seq, 1U);
            consumer.ack(old[0].ack);
            consumer.nak(old[0].ack, milliseconds(0));
            consumer.in_progress(old[0].ack);
            co_await consumer.flush(seconds(5));
            co_await expect_messages(other, 1);
            EXPECT_EQ(consumer.counters().stale_acks, 2U);
            EXPECT_TRUE(consumer.holds(fresh[0].ack));
            consumer.ack(fresh[0].ack);
            co_await consumer.flush(seconds(5));
            co_await expect_messages(other, 0);
            co_await other.connection.stop();
        };
        run_pulling(1, body, fast_pulls());
    }

    static asio::awaitable<void> delete_stream(Client& client, PullConsumer&) {
        const auto deleted = co_await client.jetstream.delete_stream("NOTIFICATIONS");
        EXPECT_TRUE(deleted.has_value());
    }
};

TEST_F(Rule4, AnOldAckNeverRemovesANewEventWhenAPullTellsThatTheConsumerIsGone) {
    old_ack_after(delete_stream, 10);
}

TEST_F(Rule4, AnOldAckNeverRemovesANewEventWhenNoPullIsUnderWay) {
    old_ack_after(delete_stream, 0);
}

TEST_F(Rule4, AnOldAckNeverRemovesANewEventAfterTheServerLostItsDisk) {
    old_ack_after(
        [&](Client&, PullConsumer&) -> asio::awaitable<void> {
            server_.kill();
            server_.forget_storage();
            server_.start();
            co_return;
        },
        10
    );
}

TEST_F(Rule4, AnOldAckNeverRemovesANewEventAfterAnOlderCopyOfTheStoreWasPutBack) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto is_lost = [&] { return consumer.state() == ConsumerState::disconnected; };
        co_await until_pulling(consumer);
        server_.stop();
        server_.copy_storage();
        const bool stopped = co_await until(is_lost);
        EXPECT_TRUE(stopped);
        server_.start();
        co_await until_pulling(consumer);
        co_await client.connection.wait_connected();
        co_await publish_events(client, 3);
        const std::vector<JetStreamMessage> old = co_await receive(consumer, 3);
        server_.stop();
        server_.restore_storage();
        const bool lost = co_await until(is_lost);
        EXPECT_TRUE(lost);
        for (const JetStreamMessage& delivery : old) {
            consumer.ack(delivery.ack);
        }
        server_.start();
        Client other(io_, options_for(server_.url()));
        co_await other.connection.wait_connected();
        co_await publish_events(other, 3);
        consumer.set_credit(10, enough_bytes);
        const std::vector<JetStreamMessage> fresh = co_await receive(consumer, 3);
        EXPECT_EQ(fresh[0].stream_seq, old[0].stream_seq);
        EXPECT_FALSE(consumer.holds(old[0].ack));
        co_await consumer.flush(seconds(5));
        co_await expect_messages(other, 3);
        co_await other.connection.stop();
    };
    run_pulling(3, body, fast_pulls());
}

TEST_F(Rule4, AnAckGivenWhileNobodyKnowsIsDroppedWhenTheStreamIsAnother) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> old = co_await receive(consumer, 1);
        server_.kill();
        server_.forget_storage();
        const auto is_lost = [&] { return consumer.state() == ConsumerState::disconnected; };
        const bool lost = co_await until(is_lost);
        EXPECT_TRUE(lost);
        consumer.ack(old[0].ack);
        EXPECT_TRUE(consumer.holds(old[0].ack)) << "nobody knows yet";
        EXPECT_EQ(consumer.counters().stale_acks, 0U);
        server_.start();
        consumer.set_credit(1, enough_bytes);
        co_await until_pulling(consumer);
        EXPECT_EQ(consumer.counters().stale_acks, 1U);
        EXPECT_EQ(consumer.counters().acks, 0U);
        EXPECT_EQ(consumer.counters().recreated, 1U);
        EXPECT_FALSE(consumer.holds(old[0].ack));
    };
    run_pulling(1, body, fast_pulls());
}

TEST_F(Rule4, AnAckGivenWhileNobodyKnowsIsSentWhenAllIsAsBefore) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 2);
        const std::vector<JetStreamMessage> held = co_await receive(consumer, 2);
        // In order: after a crash the server may not know that it had delivered anything, and
        // 2.10 takes no acknowledgement of what it has not delivered.
        server_.stop();
        const auto is_lost = [&] { return consumer.state() == ConsumerState::disconnected; };
        const bool lost = co_await until(is_lost);
        EXPECT_TRUE(lost);
        consumer.ack(held[0].ack);
        server_.start();
        co_await consumer.flush(seconds(10));
        consumer.ack(held[1].ack);
        co_await consumer.flush(seconds(10));
        co_await expect_messages(client, 0);
        EXPECT_EQ(consumer.counters().acks, 2U);
        EXPECT_EQ(consumer.counters().stale_acks, 0U);
        EXPECT_EQ(consumer.counters().incarnations, 0U);
    };
    run_pulling(2, body, fast_pulls());
}

TEST_F(Rule4, ADeletedConsumerIsDeclaredAgainAndItsDeliveriesCannotBeAcknowledged) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> first = co_await receive(consumer, 1);
        const auto deleted = co_await client.jetstream.delete_consumer("NOTIFICATIONS", durable);
        EXPECT_TRUE(deleted.has_value());
        const std::vector<JetStreamMessage> again = co_await receive(consumer, 1);
        EXPECT_EQ(again[0].stream_seq, first[0].stream_seq);
        EXPECT_EQ(consumer.counters().recreated, 1U);
        EXPECT_FALSE(consumer.holds(first[0].ack));
        EXPECT_TRUE(consumer.holds(again[0].ack));
        consumer.ack(again[0].ack);
        co_await consumer.flush(seconds(5));
        co_await expect_messages(client, 0);
    };
    run_pulling(2, body, fast_pulls());
}

TEST_F(Rule4, AStreamMadeAnewByAnOperatorAtOnceIsNoticed) {
    old_ack_after(
        [](Client& client, PullConsumer&) -> asio::awaitable<void> {
            const auto deleted = co_await client.jetstream.delete_stream("NOTIFICATIONS");
            EXPECT_TRUE(deleted.has_value());
            const ConsumerDeclaration declaration = email_consumer();
            const auto made = co_await reconcile(client.jetstream, declaration);
            EXPECT_TRUE(made.has_value());
        },
        0
    );
}

TEST_F(Rule4, DeliveriesThatWereNotTakenYetAreNotLostWithTheStream) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 3);
        const auto is_arrived = [&] { return consumer.counters().received == 3; };
        const bool arrived = co_await until(is_arrived);
        EXPECT_TRUE(arrived);
        co_await delete_stream(client, consumer);
        const auto is_noticed = [&] { return consumer.counters().incarnations == 1; };
        const bool noticed = co_await until(is_noticed);
        EXPECT_TRUE(noticed);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 3);
        EXPECT_EQ(got.size(), 3U);
        EXPECT_FALSE(consumer.holds(got[0].ack));
    };
    run_pulling(5, body, fast_pulls());
}

}  // namespace
}  // namespace chatear::nats
