#include "nats/connection.hpp"

#include "base/error.hpp"
#include "nats_test.hpp"

namespace chatear::nats {
namespace {

/// What an awaited call threw as Unavailable; empty when it threw nothing.
asio::awaitable<std::string> why_unavailable(asio::awaitable<void> call) {
    std::string why;
    try {
        co_await std::move(call);
    } catch (const Unavailable& error) {
        why = error.why();
    }
    co_return why;
}

asio::awaitable<void> ask(Connection& connection, std::string subject, milliseconds timeout) {
    Message question = event("question", std::move(subject));
    const Message answer = co_await connection.request(std::move(question), timeout);
    static_cast<void>(answer);
}

class ConnectionTest : public NatsTest {};

TEST_F(ConnectionTest, CarriesMessagesWithHeadersToASubscription) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        std::vector<Message> got;
        const Subscription subscription = client.connection.subscribe("a.*", [&](Message message) {
            got.push_back(std::move(message));
        });
        co_await client.connection.wait_connected();
        EXPECT_EQ(client.connection.epoch(), 1U);
        Message sent{
            "a.b",
            "re.ply",
            std::string("\0\r\nbytes", 8),
            {{"Chatear-One", "1"}, {"Chatear-Two", "zwei: ä"}}};
        client.connection.publish(sent);
        client.connection.publish("a.c", "plain");
        co_await client.connection.flush(seconds(5));
        EXPECT_EQ(got.size(), 2U);
        EXPECT_EQ(got.at(0).subject, "a.b");
        EXPECT_EQ(got.at(0).reply_to, "re.ply");
        EXPECT_EQ(got.at(0).payload, sent.payload);
        EXPECT_EQ(got.at(0).headers, sent.headers);
        EXPECT_EQ(got.at(1).payload, "plain");
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, AnswersOneRequestEachAndTellsThatNobodyListens) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        Connection& connection = client.connection;
        co_await connection.wait_connected();
        const Subscription echo = connection.subscribe("echo", [&](Message message) {
            connection.publish(message.reply_to, message.payload + "!");
            connection.publish(message.reply_to, "a second answer is dropped");
        });
        for (int i = 0; i < 3; ++i) {
            Message question = event(std::to_string(i), "echo");
            const Message answer = co_await connection.request(std::move(question), seconds(5));
            EXPECT_EQ(answer.payload, std::to_string(i) + "!");
            EXPECT_EQ(answer.status, 0);
        }
        Message question = event("anyone?", "nobody.there");
        const Message answer = co_await connection.request(std::move(question), seconds(5));
        EXPECT_EQ(answer.status, 503);
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, ARequestWithoutAnswerEndsAtItsTimeLimit) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        const Subscription silent = client.connection.subscribe("silent", [](const Message&) {});
        const std::string why =
            co_await why_unavailable(ask(client.connection, "silent", milliseconds(50)));
        EXPECT_EQ(why, "no answer in time to silent");
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, ThrowsWhereThereIsNoConnectionAndConnectsWhenTheServerComes) {
    NatsServer server;
    server.stop();
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        const std::string why = co_await why_unavailable(ask(client.connection, "a", seconds(1)));
        EXPECT_EQ(why, "not connected: not connected yet");
        const auto is_refused = [&] {
            return client.connection.last_error() != "not connected yet";
        };
        const bool refused = co_await until(is_refused);
        EXPECT_TRUE(refused);
        EXPECT_FALSE(client.connection.connected());
        const bool soon = co_await client.connection.wait_connected_for(milliseconds(30));
        EXPECT_FALSE(soon);
        server.start();
        co_await client.connection.wait_connected();
        EXPECT_EQ(client.connection.last_error(), "");
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, ComesBackAfterACrashWithItsSubscriptions) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        Connection& connection = client.connection;
        int got = 0;
        int changes = 0;
        const Subscription subscription = connection.subscribe("a", [&](const Message&) { ++got; });
        Subscription ended = connection.subscribe("a", [&](const Message&) { got += 100; });
        const auto listener = connection.on_change([&] { ++changes; });
        co_await connection.wait_connected();
        ended.reset();
        server.kill();
        const auto is_noticed = [&] { return !connection.connected(); };
        const bool noticed = co_await until(is_noticed);
        EXPECT_TRUE(noticed);
        EXPECT_NE(connection.last_error(), "");
        server.start();
        co_await connection.wait_connected();
        EXPECT_EQ(connection.epoch(), 2U);
        EXPECT_EQ(changes, 3);
        connection.publish("a", "again");
        co_await connection.flush(seconds(5));
        EXPECT_EQ(got, 1);
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, FailsWhatWaitsWhenTheConnectionIsLost) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        const Subscription silent =
            client.connection.subscribe("silent", [&](const Message&) { server.kill(); });
        const std::string why =
            co_await why_unavailable(ask(client.connection, "silent", seconds(30)));
        EXPECT_TRUE(why.starts_with("connection lost: ")) << why;
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, LeavesAStalledServerAfterTwoMissedPings) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server.url()));
        Connection& connection = client.connection;
        co_await connection.wait_connected();
        server.pause();
        const auto is_noticed = [&] { return !connection.connected(); };
        const bool noticed = co_await until(is_noticed);
        EXPECT_TRUE(noticed);
        EXPECT_EQ(connection.last_error(), "it did not answer two PINGs");
        server.resume();
        co_await connection.wait_connected();
        co_await connection.flush(seconds(5));
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, BoundsWhatAStalledServerDoesNotTake) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        ConnectionOptions options = options_for(server.url());
        options.max_output_bytes = 1024 * 1024;
        options.ping_interval = seconds(30);
        Client client(io_, options);
        co_await client.connection.wait_connected();
        server.pause();
        const std::string payload(100'000, 'x');
        std::string why;
        for (int i = 0; i < 1'000 && why.empty(); ++i) {
            try {
                client.connection.publish("a", payload);
            } catch (const Unavailable& error) {
                why = error.why();
            }
        }
        EXPECT_EQ(why, "it takes nothing: the output buffer is full");
        server.resume();
        const std::string then = co_await why_unavailable(client.connection.flush(seconds(5)));
        EXPECT_EQ(then, "");
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, StopHandsOverWhatWasPublishedLast) {
    NatsServer server;
    const auto body = [&]() -> asio::awaitable<void> {
        Client listener(io_, options_for(server.url()));
        int got = 0;
        const Subscription subscription =
            listener.connection.subscribe("a", [&](const Message&) { ++got; });
        co_await listener.connection.wait_connected();
        co_await listener.connection.flush(seconds(5));
        Client client(io_, options_for(server.url()));
        co_await client.connection.wait_connected();
        for (int i = 0; i < 1'000; ++i) {
            client.connection.publish("a", "x");
        }
        co_await client.connection.stop();
        co_await client.connection.stop();
        co_await listener.connection.flush(seconds(5));
        EXPECT_EQ(got, 1'000);
        const std::string why = co_await why_unavailable(client.connection.flush(seconds(1)));
        EXPECT_EQ(why, "not connected: stopped");
        co_await listener.connection.stop();
    };
    run(body);
}

TEST_F(ConnectionTest, SaysWhatItMayNotPublish) {
    NatsServer::Options options;
    options.config =
        "authorization { users: [{ user: ann, password: pw, permissions: { publish: [\"ok\", "
        "\"_INBOX.>\"] } }] }\n";
    NatsServer server(options);
    const std::string url = "nats://ann:pw@127.0.0.1:" + std::to_string(server.port());
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(url));
        co_await client.connection.wait_connected();
        Message question = event("?", "forbidden");
        const Message answer = co_await client.connection.request(std::move(question), seconds(5));
        EXPECT_EQ(answer.status, 403);
        EXPECT_TRUE(client.connection.connected());
        Message mail = event("x", "email.send");
        const PublishResult result = co_await client.jetstream.publish(std::move(mail));
        EXPECT_EQ(result.error().kind, PublishError::Kind::stream_unavailable);
        co_await client.connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
