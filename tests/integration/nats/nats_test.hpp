#pragma once

#include "nats/connection.hpp"
#include "nats/declaration.hpp"
#include "nats/jetstream.hpp"
#include "nats/pull_consumer.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace chatear::nats {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::NatsCluster;
using test::NatsServer;
using test::run_coroutine;

/// Reconnects as fast as a test wants.
inline ConnectionOptions options_for(const std::string& urls) {
    ConnectionOptions options;
    options.servers = parse_server_urls(urls).value();
    options.shuffle = false;
    options.ping_interval = milliseconds(200);
    options.reconnect_first = milliseconds(20);
    options.reconnect_most = milliseconds(200);
    options.authentication_retry = milliseconds(200);
    return options;
}

inline ConsumerDeclaration email_consumer() {
    ConsumerDeclaration declaration;
    declaration.stream.name = "NOTIFICATIONS";
    declaration.stream.subjects = {"email.send"};
    declaration.durable = "notification-worker-email-send";
    declaration.filter_subject = "email.send";
    return declaration;
}

/// Pulls that notice silence within a second.
inline PullOptions fast_pulls() {
    PullOptions options;
    options.requests.expires = milliseconds(1'000);
    options.requests.heartbeat = milliseconds(300);
    options.requests.grace = milliseconds(300);
    options.deletion_pause = milliseconds(700);
    return options;
}

inline Message event(std::string payload, std::string subject = "email.send") {
    return {std::move(subject), {}, std::move(payload)};
}

/// Waits until `condition` holds, 10 s at most; false otherwise.
asio::awaitable<bool> until(std::function<bool()> condition);

/// A test whose body is a coroutine; what it leaves behind dies before the loop.
class NatsTest : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& body, milliseconds limit = seconds(60)) {
        run_coroutine(io_, body, limit);
    }

    /// Empty when a client with `options` is let in and can flush; else why not.
    std::string try_with(const ConnectionOptions& options);

    asio::io_context io_;
};

/// A started connection with JetStream's API.
struct Client {
    Client(asio::io_context& io, ConnectionOptions options)
        : connection(io.get_executor(), std::move(options)), jetstream(connection, seconds(2)) {
        connection.start();
    }

    Connection connection;
    JetStream jetstream;
};

inline constexpr std::size_t enough_bytes = 64 * 1024 * 1024;

/// Receives until `count` came.
asio::awaitable<std::vector<JetStreamMessage>> receive(PullConsumer& consumer, std::size_t count);

/// Publishes "0", "1", ... and expects that JetStream has each.
asio::awaitable<void> publish_events(Client& client, std::size_t count);

/// Waits until the consumer pulls, or has that state.
asio::awaitable<void> until_pulling(PullConsumer& consumer);
asio::awaitable<void> until_state(PullConsumer& consumer, ConsumerState state);

/// Waits until the stream of email_consumer() holds `count` messages: the server acts on an
/// acknowledgement a little after it has read it.
asio::awaitable<void> expect_messages(Client& client, std::uint64_t count);

/// Tests of a consumer of email_consumer() on a server of their own.
class PullTest : public NatsTest {
protected:
    using Body = std::function<asio::awaitable<void>(Client&, PullConsumer&)>;

    /// Runs `body` with a consumer that pulls with `credit`, or with 0 has only declared what it
    /// would pull from.
    void run_pulling(std::size_t credit, const Body& body, PullOptions pulls = {});

    NatsServer server_;
};

}  // namespace chatear::nats
