#include "nats_test.hpp"

namespace chatear::nats {
namespace {

/// `permissions` of the one user.
std::string users(const std::string& permissions) {
    return "authorization { users: [{ user: ann, password: secret" + permissions + " }] }\n";
}

class PullPermissionTest : public NatsTest {};

// Its silence is that of a consumer of nats-server 2.9 that delivers to nobody; but it is others'.
TEST_F(PullPermissionTest, WhoMayNotPullRemovesNothingAndSaysSoUntilItMay) {
    NatsServer::Options options;
    options.config =
        users(", permissions: { publish: { deny: [\"$JS.API.CONSUMER.MSG.NEXT.>\"] } }");
    NatsServer server(options);
    run([&]() -> asio::awaitable<void> {
        const std::string at = "127.0.0.1:" + std::to_string(server.port());
        Client client(io_, options_for("nats://ann:secret@" + at));
        PullConsumer consumer(client.connection, email_consumer(), fast_pulls());
        consumer.start();
        co_await until_state(consumer, ConsumerState::paused);
        const auto first = co_await client.jetstream.consumer_info(
            "NOTIFICATIONS", "notification-worker-email-send"
        );
        co_await publish_events(client, 1);
        consumer.set_credit(10, enough_bytes);
        const auto says_so = [&] {
            return consumer.trouble().find("Permissions Violation") != std::string::npos;
        };
        const bool said = co_await until(says_so);
        EXPECT_TRUE(said) << consumer.trouble();
        const auto still = co_await client.jetstream.consumer_info(
            "NOTIFICATIONS", "notification-worker-email-send"
        );
        EXPECT_EQ(still.value().created, first.value().created);
        server.reload(users(""));
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 1);
        EXPECT_EQ(got.size(), 1U);
        EXPECT_EQ(consumer.counters().recreated, 0U);
        co_await consumer.stop();
        co_await client.connection.stop();
    });
}

}  // namespace
}  // namespace chatear::nats
