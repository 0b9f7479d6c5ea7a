#include "nats/declaration.hpp"

#include "nats_test.hpp"

namespace chatear::nats {
namespace {

class DeclarationTest : public NatsTest {
protected:
    NatsServer server_;
};

TEST_F(DeclarationTest, CreatesWhatIsMissingOnceAndFindsItAgain) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        const ConsumerDeclaration declaration = email_consumer();
        const auto first = co_await reconcile(client.jetstream, declaration);
        EXPECT_TRUE(first.value().created);
        EXPECT_TRUE(first.value().stream.created);
        EXPECT_TRUE(first.value().differences.empty());
        EXPECT_TRUE(first.value().stream.differences.empty());
        EXPECT_EQ(first.value().stream.info.config.retention, Retention::work_queue);
        const auto second = co_await reconcile(client.jetstream, declaration);
        EXPECT_FALSE(second.value().created);
        EXPECT_FALSE(second.value().stream.created);
        EXPECT_EQ(second.value().info.created, first.value().info.created);
        EXPECT_TRUE(second.value().differences.empty());
        EXPECT_TRUE(second.value().stream.differences.empty());
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(DeclarationTest, UsesAStreamOfAnotherNameThatHoldsTheSubjectAndChangesNothing) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        StreamConfig theirs;
        theirs.name = "MAILS";
        theirs.subjects = {"email.>"};
        const auto made = co_await client.jetstream.create_stream(theirs);
        EXPECT_TRUE(made.has_value());
        const ConsumerDeclaration declaration = email_consumer();
        const auto found = co_await reconcile(client.jetstream, declaration);
        EXPECT_EQ(found.value().stream.info.config, made.value().config);
        EXPECT_FALSE(found.value().stream.created);
        EXPECT_FALSE(found.value().stream.differences.empty());
        EXPECT_EQ(found.value().info.stream, "MAILS");
        const auto after = co_await client.jetstream.stream_info("MAILS");
        EXPECT_EQ(after.value().config, made.value().config);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(DeclarationTest, NeverChangesAConsumerThatDiffers) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        ConsumerDeclaration declaration = email_consumer();
        const auto first = co_await reconcile(client.jetstream, declaration);
        EXPECT_TRUE(first.has_value());
        declaration.ack_wait = seconds(99);
        declaration.max_ack_pending = 7;
        const auto second = co_await reconcile(client.jetstream, declaration);
        EXPECT_EQ(second.value().differences.size(), 2U);
        EXPECT_EQ(second.value().info.config.ack_wait, seconds(30));
        EXPECT_EQ(second.value().info.config.max_ack_pending, 20'000);
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(DeclarationTest, RefusesAConsumerThatCannotServe) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        const ConsumerDeclaration declaration = email_consumer();
        StreamDeclaration wide = declaration.stream;
        wide.subjects = {"email.send", "push.send"};
        const auto made = co_await reconcile(client.jetstream, wide);
        EXPECT_TRUE(made.has_value());
        ConsumerConfig other = to_config(declaration);
        other.filter_subject = "push.send";
        const auto created = co_await client.jetstream.create_consumer("NOTIFICATIONS", other);
        EXPECT_TRUE(created.has_value());
        const auto result = co_await reconcile(client.jetstream, declaration);
        EXPECT_TRUE(result.has_error());
        EXPECT_NE(result.error().description.find("delivers push.send"), std::string::npos);
        co_await client.connection.stop();
    };
    run(body);
}

// A plain publish is answered by nobody: where the stream is not there yet, it is lost.
TEST_F(DeclarationTest, WhatIsPublishedOnceAConsumerIsUsableIsKeptForIt) {
    run([&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        PullConsumer consumer(client.connection, email_consumer(), fast_pulls());
        consumer.set_credit(1, enough_bytes);
        consumer.start();
        EXPECT_FALSE(consumer.trouble().empty());
        co_await consumer.wait_usable();
        EXPECT_TRUE(consumer.trouble().empty()) << consumer.trouble();
        client.connection.publish(event("kept"));
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 1);
        EXPECT_EQ(got.at(0).message.payload, "kept");
        co_await consumer.stop();
        co_await client.connection.stop();
    });
}

}  // namespace
}  // namespace chatear::nats
