// The C library as an independent publisher and subscriber.
#include "nats_test.hpp"
#include "net/timer.hpp"

#include <nats/nats.h>

#include <memory>

namespace chatear::nats {
namespace {

struct Destroy {
    void operator()(natsConnection* connection) const { natsConnection_Destroy(connection); }
    void operator()(natsSubscription* subscription) const {
        natsSubscription_Destroy(subscription);
    }
    void operator()(natsMsg* message) const { natsMsg_Destroy(message); }
    void operator()(jsCtx* context) const { jsCtx_Destroy(context); }
};
using TheirConnection = std::unique_ptr<natsConnection, Destroy>;
using TheirSubscription = std::unique_ptr<natsSubscription, Destroy>;
using TheirMessage = std::unique_ptr<natsMsg, Destroy>;
using TheirJetStream = std::unique_ptr<jsCtx, Destroy>;

TheirConnection connect(const NatsServer& server) {
    natsConnection* connection = nullptr;
    EXPECT_EQ(natsConnection_ConnectTo(&connection, server.url().c_str()), NATS_OK);
    return TheirConnection(connection);
}

class LibnatsTest : public PullTest {};

TEST_F(LibnatsTest, ReceivesWhatWePublish) {
    const TheirConnection theirs = connect(server_);
    natsSubscription* raw = nullptr;
    EXPECT_EQ(natsConnection_SubscribeSync(&raw, theirs.get(), "events.>"), NATS_OK);
    const TheirSubscription subscription(raw);
    EXPECT_EQ(natsConnection_Flush(theirs.get()), NATS_OK);
    const std::string large(900'000, 'z');
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options_for(server_.url()));
        co_await client.connection.wait_connected();
        const Message message{
            "events.one", "answer.here", std::string("a\0b", 3), {{"Chatear-Event-Id", "e-1"}}};
        client.connection.publish(message);
        client.connection.publish("events.large", large);
        co_await client.connection.stop();
    };
    run(body);
    natsMsg* message = nullptr;
    ASSERT_EQ(natsSubscription_NextMsg(&message, subscription.get(), 5'000), NATS_OK);
    const TheirMessage first(message);
    EXPECT_STREQ(natsMsg_GetSubject(message), "events.one");
    EXPECT_STREQ(natsMsg_GetReply(message), "answer.here");
    EXPECT_EQ(
        std::string(
            natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))
        ),
        std::string("a\0b", 3)
    );
    const char* value = nullptr;
    EXPECT_EQ(natsMsgHeader_Get(message, "Chatear-Event-Id", &value), NATS_OK);
    EXPECT_STREQ(value, "e-1");
    natsMsg* second = nullptr;
    ASSERT_EQ(natsSubscription_NextMsg(&second, subscription.get(), 5'000), NATS_OK);
    const TheirMessage owner(second);
    EXPECT_EQ(natsMsg_GetDataLength(second), 900'000);
}

TEST_F(LibnatsTest, PublishesWhatWePull) {
    const TheirConnection theirs = connect(server_);
    const Body body = [&](Client&, PullConsumer& consumer) -> asio::awaitable<void> {
        // A plain publish, as of a producer that knows nothing of JetStream.
        EXPECT_EQ(natsConnection_PublishString(theirs.get(), "email.send", "plain"), NATS_OK);
        EXPECT_EQ(natsConnection_Flush(theirs.get()), NATS_OK);
        jsCtx* context = nullptr;
        EXPECT_EQ(natsConnection_JetStream(&context, theirs.get(), nullptr), NATS_OK);
        const TheirJetStream jetstream(context);
        natsMsg* message = nullptr;
        EXPECT_EQ(natsMsg_Create(&message, "email.send", nullptr, "with id", 7), NATS_OK);
        const TheirMessage owner(message);
        EXPECT_EQ(natsMsgHeader_Set(message, "Chatear-Event-Id", "e-2"), NATS_OK);
        jsPubAck* answer = nullptr;
        jsErrCode code{};
        EXPECT_EQ(js_PublishMsg(&answer, context, message, nullptr, &code), NATS_OK);
        EXPECT_EQ(answer->Sequence, 2U);
        jsPubAck_Destroy(answer);
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 2);
        EXPECT_EQ(got[0].message.payload, "plain");
        EXPECT_EQ(got[1].message.payload, "with id");
        EXPECT_EQ(find_header(got[1].message.headers, "Chatear-Event-Id"), "e-2");
        EXPECT_EQ(find_header(got[1].message.headers, "chatear-event-id"), std::nullopt);
    };
    run_pulling(10, body);
}

TEST_F(LibnatsTest, SeesOurAcknowledgements) {
    const TheirConnection theirs = connect(server_);
    const Body body = [&](Client& client, PullConsumer& consumer) -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            client.connection.publish("email.send", "x");
        }
        const std::vector<JetStreamMessage> got = co_await receive(consumer, 3);
        consumer.ack(got[0].ack);
        consumer.ack(got[1].ack);
        co_await consumer.flush(seconds(5));
        jsCtx* context = nullptr;
        EXPECT_EQ(natsConnection_JetStream(&context, theirs.get(), nullptr), NATS_OK);
        const TheirJetStream jetstream(context);
        // 2.10 acts on an acknowledgement a little after the PONG behind it.
        const auto are_seen = [&context] {
            jsConsumerInfo* info = nullptr;
            jsErrCode code{};
            const natsStatus status = js_GetConsumerInfo(
                &info, context, "NOTIFICATIONS", "notification-worker-email-send", nullptr, &code
            );
            const bool seen =
                status == NATS_OK && info->NumAckPending == 1 && info->AckFloor.Stream == 2U;
            jsConsumerInfo_Destroy(info);
            return seen;
        };
        const bool seen = co_await until(are_seen);
        EXPECT_TRUE(seen);
    };
    run_pulling(10, body);
}

}  // namespace
}  // namespace chatear::nats
