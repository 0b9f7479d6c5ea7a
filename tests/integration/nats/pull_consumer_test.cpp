#include "nats_test.hpp"
#include "net/timer.hpp"

#include <set>

namespace chatear::nats {
namespace {

constexpr std::size_t enough_bytes = 64 * 1024 * 1024;

class PullConsumerTest : public NatsTest {
protected:
    /// Receives until `count` came; acks them all.
    static asio::awaitable<std::vector<JetStreamMessage>> receive(
        PullConsumer& consumer, std::size_t count
    ) {
        std::vector<JetStreamMessage> all;
        while (all.size() < count) {
            std::vector<JetStreamMessage> some = co_await consumer.receive();
            std::move(some.begin(), some.end(), std::back_inserter(all));
        }
        co_return all;
    }

    static asio::awaitable<void> publish(Client& client, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            Message message = event(std::to_string(i));
            const PublishResult result = co_await client.jetstream.publish(std::move(message));
            EXPECT_TRUE(result.has_value());
        }
    }

    NatsServer server_;
};

TEST_F(PullConsumerTest, DeclaresItsStreamPullsAndRemovesWhatIsAcked) {
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        PullConsumer consumer(client.connection, email_consumer());
        consumer.start();
        consumer.set_credit(100, enough_bytes);
        const bool pulling =
            co_await until([&] { return consumer.state() == ConsumerState::pulling; });
        EXPECT_TRUE(pulling) << consumer.trouble();
        co_await publish(client, 20);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 20);
        EXPECT_EQ(got.size(), 20U);
        for (std::size_t i = 0; i < got.size(); ++i) {
            EXPECT_EQ(got[i].message.payload, std::to_string(i));
            EXPECT_EQ(got[i].stream_seq, i + 1);
            EXPECT_EQ(got[i].stream, "NOTIFICATIONS");
            EXPECT_GT(got[i].stored_at_ns, 0);
            consumer.ack(got[i].ack);
        }
        co_await consumer.flush(seconds(5));
        const auto info = co_await client.jetstream.stream_info("NOTIFICATIONS");
        EXPECT_EQ(info.value().messages, 0U);
        EXPECT_EQ(info.value().config.max_message_bytes, 1024 * 1024 - 32 * 1024);
        EXPECT_TRUE(consumer.differences().empty());
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
