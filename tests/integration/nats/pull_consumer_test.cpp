#include "nats/pull_consumer.hpp"

#include "base/error.hpp"
#include "nats_test.hpp"
#include "net/resolver.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"

#include <set>

namespace chatear::nats {
namespace {

class PullConsumerTest : public PullTest {};

TEST_F(PullConsumerTest, DeclaresItsStreamPullsAndRemovesWhatIsAcked) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 20);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 20);
        EXPECT_EQ(got.size(), 20U);
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].message.payload, std::to_string(i));
            EXPECT_EQ(got[i].stream_seq, i + 1);
            EXPECT_EQ(got[i].stream, "NOTIFICATIONS");
            EXPECT_GT(got[i].stored_at_ns, 0);
            EXPECT_EQ(got[i].delivered, 1U);
            EXPECT_TRUE(consumer.holds(got[i].ack));
            consumer.ack(got[i].ack);
        }
        co_await consumer.flush(seconds(5));
        co_await expect_messages(client, 0);
        const auto info = co_await client.jetstream.stream_info("NOTIFICATIONS");
        EXPECT_EQ(info.value().config.max_message_bytes, 1024 * 1024 - 32 * 1024);
        EXPECT_TRUE(consumer.differences().empty());
        EXPECT_EQ(consumer.counters().acks, 20U);
    };
    run_pulling(100, body);
}

TEST_F(PullConsumerTest, NeverHoldsMoreThanItsCredit) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 100);
        consumer.set_credit(7, enough_bytes);
        std::size_t received = 0;
        while (received < 100) {
            const std::vector<JetStreamMessage> some = co_await consumer.receive();
            EXPECT_LE(some.size(), 7U);
            received += some.size();
            for (const JetStreamMessage& delivery : some) {
                consumer.ack(delivery.ack);
            }
            consumer.set_credit(7, enough_bytes);
        }
        // Without credit nothing comes.
        consumer.set_credit(0, 0);
        co_await net::sleep_for(milliseconds(50));
        const auto info = co_await client.jetstream.consumer_info(
            "NOTIFICATIONS", "notification-worker-email-send"
        );
        EXPECT_EQ(info.value().num_ack_pending, 0U);
    };
    run_pulling(0, body);
}

TEST_F(PullConsumerTest, BoundsWhatItHoldsInBytesAndStillTakesAMessageLargerThanThat) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        for (const std::size_t size : {1'000U, 1'000U, 1'000U, 50'000U, 1'000U}) {
            Message message = event(std::string(size, 'x'));
            const PublishResult result = co_await client.jetstream.publish(std::move(message));
            EXPECT_TRUE(result.has_value());
        }
        std::size_t received = 0;
        while (received < 5) {
            consumer.set_credit(100, 3'000);
            const std::vector<JetStreamMessage> some = co_await consumer.receive();
            std::size_t bytes = 0;
            for (const JetStreamMessage& delivery : some) {
                bytes += credit_bytes(delivery.message);
                consumer.ack(delivery.ack);
            }
            EXPECT_TRUE(bytes <= 3'000 || some.size() == 1) << bytes;
            received += some.size();
        }
    };
    run_pulling(0, body);
}

TEST_F(PullConsumerTest, ANakComesAgainAfterItsDelay) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> first = co_await receive(consumer, 1);
        const auto since = std::chrono::steady_clock::now();
        consumer.nak(first[0].ack, milliseconds(200));
        const std::vector<JetStreamMessage> second = co_await receive(consumer, 1);
        EXPECT_GE(std::chrono::steady_clock::now() - since, milliseconds(190));
        EXPECT_EQ(second[0].stream_seq, first[0].stream_seq);
        EXPECT_EQ(second[0].stored_at_ns, first[0].stored_at_ns);
        EXPECT_EQ(second[0].delivered, 2U);
        consumer.nak(second[0].ack, milliseconds(0));
        const std::vector<JetStreamMessage> third = co_await receive(consumer, 1);
        EXPECT_EQ(third[0].delivered, 3U);
    };
    run_pulling(10, body);
}

TEST_F(PullConsumerTest, InProgressKeepsADeliveryFromComingAgain) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        ConsumerDeclaration declaration = email_consumer();
        declaration.ack_wait = milliseconds(600);
        PullConsumer consumer(client.connection, declaration);
        consumer.start();
        consumer.set_credit(10, enough_bytes);
        co_await until_pulling(consumer);
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> first = co_await receive(consumer, 1);
        for (int i = 0; i < 12; ++i) {
            consumer.in_progress(first[0].ack);
            co_await net::sleep_for(milliseconds(100));
        }
        EXPECT_EQ(consumer.counters().received, 1U);
        const std::vector<JetStreamMessage> again = co_await receive(consumer, 1);
        EXPECT_EQ(again[0].delivered, 2U);
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(PullConsumerTest, DrainGivesBackWhatWasNotTakenAndStillAcknowledges) {
    const Body body = [&](Client& client, PullConsumer& leaving) -> asio::awaitable<void> {
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> in_hand = co_await receive(leaving, 1);
        co_await publish_events(client, 5);
        const auto is_arrived = [&] { return leaving.counters().received == 6; };
        const bool arrived = co_await until(is_arrived);
        EXPECT_TRUE(arrived);
        leaving.drain();
        const std::vector<JetStreamMessage> nothing = co_await leaving.receive();
        EXPECT_TRUE(nothing.empty());
        EXPECT_EQ(leaving.state(), ConsumerState::drained);

        PullConsumer staying(client.connection, email_consumer());
        staying.start();
        staying.set_credit(10, enough_bytes);
        const std::vector<JetStreamMessage> others = co_await receive(staying, 5);
        EXPECT_EQ(others.size(), 5U);
        leaving.ack(in_hand[0].ack);
        co_await leaving.flush(seconds(5));
        co_await expect_messages(client, 5);
        co_await leaving.stop();
        co_await leaving.stop();
        EXPECT_EQ(leaving.state(), ConsumerState::stopped);
        co_await staying.stop();
    };
    run_pulling(10, body);
}

TEST_F(PullConsumerTest, TwoProcessesShareTheWork) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client one(io_, options_for(server_.url()));
        Client two(io_, options_for(server_.url()));
        PullConsumer first(one.connection, email_consumer());
        PullConsumer second(two.connection, email_consumer());
        first.start();
        second.start();
        first.set_credit(4, enough_bytes);
        second.set_credit(4, enough_bytes);
        co_await until_pulling(first);
        co_await until_pulling(second);
        co_await publish_events(one, 8);
        const std::vector<JetStreamMessage> to_first = co_await receive(first, 4);
        const std::vector<JetStreamMessage> to_second = co_await receive(second, 4);
        std::set<std::string> payloads;
        for (const auto* some : {&to_first, &to_second}) {
            for (const JetStreamMessage& delivery : *some) {
                payloads.insert(delivery.message.payload);
            }
        }
        EXPECT_EQ(payloads.size(), 8U);
        co_await first.stop();
        co_await second.stop();
        co_await one.connection.stop();
        co_await two.connection.stop();
    };
    run(body);
}

TEST_F(PullConsumerTest, GoesOnPullingAfterItsRequestsExpiredAndAfterACrash) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        const auto is_renewed = [&] { return consumer.counters().pulls >= 5; };
        const bool renewed = co_await until(is_renewed);
        EXPECT_TRUE(renewed);
        EXPECT_EQ(consumer.counters().verifications, 1U) << "heartbeats were not heard";
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> before = co_await receive(consumer, 1);
        consumer.ack(before[0].ack);
        consumer.set_credit(10, enough_bytes);
        server_.kill();
        const auto is_lost = [&] { return consumer.state() == ConsumerState::disconnected; };
        const bool lost = co_await until(is_lost);
        EXPECT_TRUE(lost);
        EXPECT_NE(consumer.trouble(), "");
        server_.start();
        co_await until_pulling(consumer);
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> after = co_await receive(consumer, 1);
        EXPECT_EQ(after[0].message.payload, "0");
        EXPECT_EQ(consumer.counters().incarnations, 0U) << "a restart is no new incarnation";
    };
    run_pulling(10, body, fast_pulls());
}

TEST_F(PullConsumerTest, NoticesAStalledServerAndGoesOnAfterwards) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        server_.pause();
        const auto is_lost = [&] { return consumer.state() == ConsumerState::disconnected; };
        const bool lost = co_await until(is_lost);
        EXPECT_TRUE(lost);
        server_.resume();
        co_await until_pulling(consumer);
        co_await publish_events(client, 3);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 3);
        EXPECT_EQ(got.size(), 3U);
    };
    run_pulling(10, body, fast_pulls());
}

/// As an operator does, and older tools that know nothing of us.
asio::awaitable<void> configure_consumer(Client& client, std::string limits) {
    Message create{
        "$JS.API.CONSUMER.DURABLE.CREATE.NOTIFICATIONS.notification-worker-email-send",
        {},
        R"({"stream_name":"NOTIFICATIONS","config":{"durable_name":"notification-worker-email-send",)"
        R"("ack_policy":"explicit","deliver_policy":"all","filter_subject":"email.send",)" +
            limits + "}}"};
    const Message answer = co_await client.connection.request(std::move(create), seconds(5));
    EXPECT_EQ(answer.payload.find("\"error\""), std::string::npos) << answer.payload;
}

TEST_F(PullConsumerTest, KeepsToTheLimitsOfAnExistingConsumer) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        const ConsumerDeclaration declaration = email_consumer();
        const auto made = co_await reconcile(client.jetstream, declaration.stream);
        EXPECT_TRUE(made.has_value());
        co_await configure_consumer(client, R"("max_batch":2,"max_expires":2000000000)");
        PullConsumer consumer(client.connection, declaration);
        consumer.start();
        consumer.set_credit(100, enough_bytes);
        co_await until_pulling(consumer);
        EXPECT_FALSE(consumer.differences().empty());
        const auto since = std::chrono::steady_clock::now();
        co_await publish_events(client, 30);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 30);
        EXPECT_EQ(got.size(), 30U);
        // Each end of a request makes the next, not only a look around every ten seconds.
        EXPECT_LT(std::chrono::steady_clock::now() - since, seconds(5));
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(PullConsumerTest, KeepsToTheLimitsThatAConsumerIsGivenMeanwhile) {
    for (const std::string limits : {R"("max_batch":2)", R"("max_expires":500000000)"}) {
        SCOPED_TRACE(limits);
        const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
            co_await publish_events(client, 1);
            const std::vector<JetStreamMessage> before = co_await receive(consumer, 1);
            co_await configure_consumer(client, limits);
            for (const JetStreamMessage& delivery : before) {
                consumer.ack(delivery.ack);
            }
            consumer.set_credit(100, enough_bytes);
            const auto is_noticed = [&] { return !consumer.differences().empty(); };
            const bool noticed = co_await until(is_noticed);
            EXPECT_TRUE(noticed);
            co_await publish_events(client, 10);
            const std::vector<JetStreamMessage> got = co_await receive(consumer, 10);
            EXPECT_EQ(got.size(), 10U);
            EXPECT_EQ(consumer.counters().incarnations, 0U);
            const auto gone = co_await client.jetstream.delete_stream("NOTIFICATIONS");
            EXPECT_TRUE(gone.has_value());
        };
        run_pulling(100, body, fast_pulls());
    }
}

TEST_F(PullConsumerTest, GoesOnWhenAnOperatorChangesTheStream) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 3);
        const auto info = co_await client.jetstream.stream_info("NOTIFICATIONS");
        StreamConfig changed = info.value().config;
        changed.subjects = {"email.>"};
        changed.max_messages = 1'000;
        Message update{
            "$JS.API.STREAM.UPDATE.NOTIFICATIONS", {}, boost::json::serialize(to_json(changed))};
        const Message answer = co_await client.connection.request(std::move(update), seconds(5));
        EXPECT_EQ(answer.payload.find("\"error\""), std::string::npos) << answer.payload;
        const std::vector<JetStreamMessage> before = co_await receive(consumer, 3);
        consumer.ack(before[0].ack);
        co_await consumer.flush(seconds(5));
        // It looks at the stream when it connects, and takes it as it is.
        server_.stop();
        co_await until_state(consumer, ConsumerState::disconnected);
        server_.start();
        co_await until_pulling(consumer);
        EXPECT_EQ(consumer.differences().size(), 1U);
        consumer.ack(before[1].ack);
        consumer.ack(before[2].ack);
        co_await consumer.flush(seconds(5));
        co_await expect_messages(client, 0);
        EXPECT_EQ(consumer.counters().stale_acks, 0U);
        const auto after = co_await client.jetstream.stream_info("NOTIFICATIONS");
        EXPECT_EQ(after.value().config, changed);
    };
    run_pulling(10, body, fast_pulls());
}

TEST_F(PullConsumerTest, WaitsWhileJetStreamIsSwitchedOff) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_events(client, 2);
        const std::vector<JetStreamMessage> in_hand = co_await receive(consumer, 2);
        server_.stop();
        {
            NatsServer::Options options;
            options.jetstream = false;
            options.port = server_.port();
            const NatsServer without(options);
            const auto is_told = [&] {
                return consumer.trouble() == "JetStream is not switched on here";
            };
            const bool told = co_await until(is_told);
            EXPECT_TRUE(told) << consumer.trouble();
            EXPECT_EQ(consumer.state(), ConsumerState::verifying);
            consumer.ack(in_hand[0].ack);
            EXPECT_EQ(consumer.counters().acks, 0U) << "nobody is there to take it";
        }
        server_.start();
        co_await until_pulling(consumer);
        consumer.ack(in_hand[1].ack);
        co_await consumer.flush(seconds(5));
        co_await expect_messages(client, 0);
        EXPECT_EQ(consumer.counters().acks, 2U);
    };
    run_pulling(10, body, fast_pulls());
}

/// Publishes bytes that no client library would, as a broken producer does.
asio::awaitable<void> publish_raw(const NatsServer& server, std::string bytes) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    net::Resolver resolver(executor);
    net::Stream stream(executor, "nats");
    std::string host = "127.0.0.1";
    co_await stream.connect(resolver, std::move(host), server.port(), seconds(5));
    const std::string all = "CONNECT {\"verbose\":false,\"headers\":true}\r\n" + bytes + "PING\r\n";
    co_await stream.write(all, seconds(5));
    std::string answer;
    while (answer.find("PONG\r\n") == std::string::npos) {
        co_await stream.read_into(answer, 4096, seconds(5));
    }
}

TEST_F(PullConsumerTest, AnEventWithRubbishForHeadersStopsNobody) {
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        co_await publish_raw(
            server_,
            "HPUB email.send 7 9\r\nrubbish{}\r\n"
            "HPUB email.send 27 29\r\nNATS/1.0\r\nno header\r\nA: b\r\n{}\r\n"
        );
        co_await publish_events(client, 1);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 3);
        EXPECT_EQ(got[0].message.payload, "{}");
        EXPECT_TRUE(got[0].message.headers.empty());
        EXPECT_EQ(got[1].message.headers, (Headers{{"A", "b"}}));
        EXPECT_EQ(got[2].message.payload, "0");
        const auto stored = co_await client.jetstream.message_by_sequence("NOTIFICATIONS", 1);
        EXPECT_EQ(stored.value().message.payload, "{}");
        EXPECT_EQ(client.connection.epoch(), 1U) << "the connection was dropped for it";
    };
    run_pulling(10, body);
}

}  // namespace
}  // namespace chatear::nats
