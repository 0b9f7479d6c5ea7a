#include "integration/smtp/sending.hpp"
#include "support/smtp_sink_server.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using chatear::test::CaughtMail;
using chatear::test::SmtpSinkServer;
using chatear::test::UnpackedMailServer;

TEST(SmtpSink, TakesMergedGroupsOnceAndIntactEachUnderItsOwnSender) {
    const Result<UnpackedMailServer> postfix = UnpackedMailServer::find("postfix");
    if (!postfix) {
        GTEST_SKIP() << postfix.error().message;
    }
    const SmtpSinkServer server(*postfix);
    std::vector<Message> messages = numbered_messages(2000, true);
    for (std::size_t number = 0; number < messages.size(); ++number) {
        messages[number].envelope.mail_from = "shop" + std::to_string(number) + "@a.test";
    }
    Options options = loopback_options(server.port());
    options.connections = 2;
    const Sent sent = send_all(options, messages);
    ASSERT_TRUE(sent.extensions);
    EXPECT_TRUE(sent.extensions->pipelining);
    EXPECT_FALSE(sent.extensions->chunking);
    EXPECT_TRUE(sent.counters.merging);
    EXPECT_EQ(sent.counters.accepted, messages.size()) << sent.last_error;
    EXPECT_EQ(sent.counters.connected, 2U);

    std::map<std::string, CaughtMail> arrived;
    for (const CaughtMail& mail : server.mails()) {
        ASSERT_EQ(mail.to.size(), 1U);
        EXPECT_TRUE(arrived.emplace(mail.to[0], mail).second) << mail.to[0] << " twice";
    }
    EXPECT_EQ(arrived.size(), messages.size());
    for (const Message& message : messages) {
        const CaughtMail& mail = arrived[message.envelope.rcpt_to];
        EXPECT_EQ(mail.from, message.envelope.mail_from);
        EXPECT_TRUE(mail.content.ends_with(message.content)) << message.envelope.rcpt_to;
    }
}

}  // namespace
}  // namespace chatear::smtp::test
