// Mail servers of Node.js, with habits of their own: Haraka refuses what stands behind a content.
#include "integration/smtp/sending.hpp"
#include "support/npm_mail_server.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using chatear::test::NpmMailServer;

class NpmServer : public testing::TestWithParam<std::string> {
protected:
    void SetUp() override {
        const Result<void> possible = NpmMailServer::possible();
        if (!possible) {
            GTEST_SKIP() << possible.error().message;
        }
        server = std::make_unique<NpmMailServer>(GetParam());
    }

    void TearDown() override {
        if (HasFailure() && server) {
            GTEST_LOG_(INFO) << server->log();
        }
    }

    std::unique_ptr<NpmMailServer> server;
};

std::vector<Message> messages_of_many_senders(std::size_t count) {
    std::vector<Message> messages = numbered_messages(count, true);
    for (std::size_t number = 0; number < count; ++number) {
        messages[number].envelope.mail_from = "shop" + std::to_string(number) + "@a.test";
    }
    return messages;
}

TEST_P(NpmServer, TakesManyMailsOverFewConnectionsOnceAndIntact) {
    const std::vector<Message> messages = messages_of_many_senders(200);
    Options options = loopback_options(server->port());
    options.connections = 3;
    const Sent sent = send_all(options, messages);
    ASSERT_TRUE(sent.extensions && sent.extensions->pipelining);
    EXPECT_EQ(sent.counters.merging, GetParam() != "haraka");
    EXPECT_EQ(sent.counters.accepted, 200U) << sent.last_error;
    EXPECT_EQ(sent.counters.try_later, 0U) << "no attempt is counted";
    EXPECT_EQ(sent.counters.in_doubt, 0U);
    EXPECT_EQ(sent.counters.not_sent, 0U);
    EXPECT_EQ(sent.counters.lost_connections, 0U);
    EXPECT_LE(sent.counters.connected, 3U);
    expect_arrived_once(server->mails(), messages);
}

TEST_P(NpmServer, RefusedRecipientsTouchNoOtherMessage) {
    std::vector<Message> messages = messages_of_many_senders(60);
    for (const std::size_t refused : {0U, 7U, 8U, 9U, 25U, 40U, 42U, 59U}) {
        messages[refused].envelope.rcpt_to = "refuse@b.test";
    }
    Options options = loopback_options(server->port());
    options.connections = 1;
    const Sent sent = send_all(options, messages);
    std::vector<Message> accepted;
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const bool refused = messages[index].envelope.rcpt_to == "refuse@b.test";
        const SendStatus expected = refused ? SendStatus::never : SendStatus::accepted;
        EXPECT_TRUE(sent.endings[index].is(expected)) << index << sent.endings[index].thrown;
        if (!refused) {
            accepted.push_back(messages[index]);
        }
    }
    EXPECT_EQ(sent.counters.connected, 1U);
    EXPECT_EQ(sent.counters.merging, GetParam() != "haraka");
    expect_arrived_once(server->mails(), accepted);
}

INSTANTIATE_TEST_SUITE_P(
    Servers,
    NpmServer,
    testing::Values("haraka", "smtp-server"),
    [](const auto& server) { return server.param == "haraka" ? "haraka" : "smtp_server"; }
);

}  // namespace
}  // namespace chatear::smtp::test
