#include "nats/jetstream.hpp"

#include "base/error.hpp"
#include "nats_test.hpp"

namespace chatear::nats {
namespace {

StreamConfig stream(std::string name, std::vector<std::string> subjects) {
    StreamConfig config;
    config.name = std::move(name);
    config.subjects = std::move(subjects);
    return config;
}

class JetStreamTest : public NatsTest {};

TEST_F(JetStreamTest, CreatesDescribesAndDeletesStreamsAndConsumers) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        JetStream& jetstream = client.jetstream;
        co_await client.connection.wait_connected();
        StreamConfig config = stream("ORDERS", {"orders.>"});
        config.max_age = std::chrono::hours(1);
        config.max_message_bytes = 1'000;
        const auto created = co_await jetstream.create_stream(config);
        EXPECT_EQ(created.value().config, config);
        const auto info = co_await jetstream.stream_info("ORDERS");
        EXPECT_EQ(info.value().created, created.value().created);
        config.max_age = std::chrono::hours(2);
        const auto other = co_await jetstream.create_stream(config);
        EXPECT_TRUE(other.error().stream_name_in_use()) << other.error().text();
        const StreamConfig overlapping = stream("OTHER", {"orders.new"});
        const auto overlap = co_await jetstream.create_stream(overlapping);
        EXPECT_TRUE(overlap.error().subjects_overlap()) << overlap.error().text();
        const auto missing = co_await jetstream.stream_info("NONE");
        EXPECT_TRUE(missing.error().stream_not_found());
        const auto names = co_await jetstream.stream_names("orders.new");
        EXPECT_EQ(names.value(), std::vector<std::string>{"ORDERS"});
        const auto none = co_await jetstream.stream_names("elsewhere");
        EXPECT_TRUE(none.value().empty());

        ConsumerConfig consumer;
        consumer.durable_name = "worker";
        consumer.filter_subject = "orders.new";
        const auto absent = co_await jetstream.consumer_info("ORDERS", "worker");
        EXPECT_TRUE(absent.error().consumer_not_found());
        const auto made = co_await jetstream.create_consumer("ORDERS", consumer);
        EXPECT_EQ(made.value().config, consumer);
        EXPECT_EQ(made.value().name, "worker");
        const auto consumers = co_await jetstream.consumer_names("ORDERS");
        EXPECT_EQ(consumers.value(), std::vector<std::string>{"worker"});
        const auto dropped = co_await jetstream.delete_consumer("ORDERS", "worker");
        EXPECT_TRUE(dropped.has_value());
        const auto gone = co_await jetstream.delete_stream("ORDERS");
        EXPECT_TRUE(gone.has_value());
        const auto bad = co_await jetstream.stream_info("A.B");
        EXPECT_EQ(bad.error().code, 400);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(JetStreamTest, StoresOnceAndGivesBackWhatItStored) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        JetStream& jetstream = client.jetstream;
        co_await client.connection.wait_connected();
        const StreamConfig config = stream("DLQ", {"dlq.>"});
        const auto created = co_await jetstream.create_stream(config);
        EXPECT_TRUE(created.has_value());
        const Message letter{
            "dlq.email.send",
            {},
            std::string("\0\xff", 2),
            {{"Nats-Msg-Id", "one"}, {"Why", "a: b"}}};
        Message first = letter;
        const PublishResult stored = co_await jetstream.publish(std::move(first));
        EXPECT_EQ(stored.value().stream, "DLQ");
        EXPECT_EQ(stored.value().seq, 1U);
        EXPECT_FALSE(stored.value().duplicate);
        Message again = letter;
        const PublishResult repeated = co_await jetstream.publish(std::move(again));
        EXPECT_EQ(repeated.value().seq, 1U);
        EXPECT_TRUE(repeated.value().duplicate);
        Message other = event("{}", "dlq.user.delete");
        const PublishResult second = co_await jetstream.publish(std::move(other));
        EXPECT_EQ(second.value().seq, 2U);

        const auto by_seq = co_await jetstream.message_by_sequence("DLQ", 1);
        EXPECT_EQ(by_seq.value().message.subject, letter.subject);
        EXPECT_EQ(by_seq.value().message.payload, letter.payload);
        EXPECT_EQ(by_seq.value().message.headers, letter.headers);
        EXPECT_FALSE(by_seq.value().time.empty());
        const auto last = co_await jetstream.last_message("DLQ", "dlq.user.delete");
        EXPECT_EQ(last.value().seq, 2U);
        const auto next = co_await jetstream.next_message("DLQ", "dlq.>", 2);
        EXPECT_EQ(next.value().seq, 2U);
        const auto none = co_await jetstream.next_message("DLQ", "dlq.>", 3);
        EXPECT_TRUE(none.error().message_not_found()) << none.error().text();
        const auto deleted = co_await jetstream.delete_message("DLQ", 1);
        EXPECT_TRUE(deleted.has_value());
        const auto after = co_await jetstream.message_by_sequence("DLQ", 1);
        EXPECT_TRUE(after.error().message_not_found()) << after.error().text();
        const auto purged = co_await jetstream.purge_stream("DLQ", "dlq.user.delete");
        EXPECT_EQ(purged.value(), 1U);
        const auto info = co_await jetstream.stream_info("DLQ");
        EXPECT_EQ(info.value().messages, 0U);
        EXPECT_EQ(info.value().last_seq, 2U);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(JetStreamTest, Rule15_RefusedForItsOwnSakeAreSizeHeadersAndSubject) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        StreamConfig config = stream("SMALL", {"small"});
        config.max_message_bytes = 100;
        const auto created = co_await client.jetstream.create_stream(config);
        EXPECT_TRUE(created.has_value());
        const std::size_t most = client.connection.max_payload();
        const std::vector<Message> refused = {
            event(std::string(101, 'x'), "small"),
            event(std::string(most + 1, 'x'), "small"),
            event("x", "sm all"),
            event("x", ""),
            event("x", "small.*"),
            event("x", std::string(max_subject_bytes + 1, 's')),
            {"small", {}, "x", {{"Bad Name", "v"}}},
            {"small", {}, "x", {{"Name", "two\r\nlines"}}},
            {"small", {}, "x", {{"Name", std::string(70'000, 'h')}}},
        };
        for (const Message& message : refused) {
            Message copy = message;
            const PublishResult result = co_await client.jetstream.publish(std::move(copy));
            EXPECT_TRUE(result.has_error()) << message.subject;
            if (result.has_error()) {
                EXPECT_EQ(result.error().kind, PublishError::Kind::refused)
                    << result.error().reason;
            }
        }
        // The longest subject that is not refused is one that the server takes.
        Message longest = event("x", std::string(max_subject_bytes, 's'));
        longest.headers.emplace_back("Name", std::string(60'000, 'h'));
        const PublishResult result = co_await client.jetstream.publish(std::move(longest));
        EXPECT_EQ(result.error().kind, PublishError::Kind::stream_unavailable);
        EXPECT_TRUE(client.connection.connected());
        EXPECT_EQ(client.connection.epoch(), 1U);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(JetStreamTest, Rule15_NoStreamAndAFullStreamAreAnOutageOfThatStream) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        StreamConfig config = stream("FULL", {"full"});
        config.max_messages = 1;
        config.discard_new = true;
        const auto created = co_await client.jetstream.create_stream(config);
        EXPECT_TRUE(created.has_value());
        Message first = event("1", "full");
        const PublishResult stored = co_await client.jetstream.publish(std::move(first));
        EXPECT_TRUE(stored.has_value());
        for (const std::string subject : {"full", "nowhere"}) {
            Message message = event("2", subject);
            const PublishResult result = co_await client.jetstream.publish(std::move(message));
            EXPECT_EQ(result.error().kind, PublishError::Kind::stream_unavailable)
                << result.error().reason;
        }
        // Somebody who answers without being a stream has stored nothing.
        const Subscription impostor =
            client.connection.subscribe("nowhere", [&](const Message& message) {
                client.connection.publish(message.reply_to, "{}");
            });
        Message message = event("3", "nowhere");
        const PublishResult result = co_await client.jetstream.publish(std::move(message));
        EXPECT_EQ(result.error().kind, PublishError::Kind::stream_unavailable);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(JetStreamTest, IsUnavailableWhereItIsSwitchedOff) {
    NatsServer::Options options;
    options.jetstream = false;
    NatsServer server(options);
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        std::string why;
        try {
            const auto info = co_await client.jetstream.stream_info("ANY");
            EXPECT_FALSE(info.has_value());
        } catch (const Unavailable& error) {
            why = error.why();
        }
        EXPECT_EQ(why, "JetStream is not switched on here");
        PullConsumer consumer(client.connection, email_consumer());
        consumer.start();
        const auto is_told = [&] {
            return consumer.trouble() == "JetStream is not switched on here";
        };
        const bool told = co_await until(is_told);
        EXPECT_TRUE(told) << consumer.trouble();
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
