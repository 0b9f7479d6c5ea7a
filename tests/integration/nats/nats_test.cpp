#include "nats_test.hpp"

#include "net/timer.hpp"

#include <iterator>
#include <utility>

namespace chatear::nats {

asio::awaitable<bool> until(std::function<bool()> condition) {
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            co_return false;
        }
        co_await net::sleep_for(milliseconds(5));
    }
    co_return true;
}

asio::awaitable<std::vector<JetStreamMessage>> receive(PullConsumer& consumer, std::size_t count) {
    std::vector<JetStreamMessage> all;
    while (all.size() < count) {
        std::vector<JetStreamMessage> some = co_await consumer.receive();
        EXPECT_FALSE(some.empty());
        if (some.empty()) {
            break;
        }
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    co_return all;
}

asio::awaitable<void> publish_events(Client& client, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        Message message = event(std::to_string(i));
        const PublishResult result = co_await client.jetstream.publish(std::move(message));
        EXPECT_TRUE(result.has_value());
    }
}

asio::awaitable<void> until_state(PullConsumer& consumer, ConsumerState state) {
    const auto is_reached = [&] { return consumer.state() == state; };
    const bool reached = co_await until(is_reached);
    EXPECT_TRUE(reached) << consumer.trouble();
}

asio::awaitable<void> until_pulling(PullConsumer& consumer) {
    co_await until_state(consumer, ConsumerState::pulling);
}

asio::awaitable<void> expect_messages(Client& client, std::uint64_t count) {
    std::uint64_t messages = count + 1;
    for (int i = 0; i < 500 && messages != count; ++i) {
        const auto info = co_await client.jetstream.stream_info("NOTIFICATIONS");
        EXPECT_TRUE(info.has_value());
        messages = info ? info->messages : count;
        if (messages != count) {
            co_await net::sleep_for(milliseconds(10));
        }
    }
    EXPECT_EQ(messages, count);
}

std::string NatsTest::try_with(const ConnectionOptions& options) {
    std::string why = "nothing happened";
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options);
        const auto is_decided = [&] {
            return client.connection.connected() ||
                   client.connection.last_error() != "not connected yet";
        };
        const bool decided = co_await until(is_decided);
        EXPECT_TRUE(decided);
        why = client.connection.last_error();
        if (client.connection.connected()) {
            co_await client.connection.flush(seconds(5));
        }
        co_await client.connection.stop();
    };
    run(body);
    return why;
}

void PullTest::run_pulling(std::size_t credit, const Body& body, PullOptions pulls) {
    const auto whole = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        PullConsumer consumer(client.connection, email_consumer(), pulls);
        consumer.start();
        consumer.set_credit(credit, credit == 0 ? 0 : enough_bytes);
        const auto state = credit == 0 ? ConsumerState::paused : ConsumerState::pulling;
        co_await until_state(consumer, state);
        co_await body(client, consumer);
        co_await consumer.stop();
        co_await client.connection.stop();
    };
    run(whole);
}

}  // namespace chatear::nats
