#include "integration/smtp/relay_fixture.hpp"

#include "support/exim_server.hpp"
#include "support/opensmtpd_server.hpp"
#include "support/postfix_server.hpp"

#include <chrono>
#include <map>

namespace chatear::smtp::test {
namespace {

using chatear::test::CaughtMail;
using chatear::test::EximServer;
using chatear::test::OpensmtpdServer;
using chatear::test::PostfixServer;
using chatear::test::RelayServer;
using chatear::test::UnpackedMailServer;

std::unique_ptr<RelayServer> start(const std::string& name, const UnpackedMailServer& unpacked) {
    if (name == "postfix") {
        return std::make_unique<PostfixServer>(unpacked);
    }
    if (name == "exim") {
        return std::make_unique<EximServer>(unpacked);
    }
    return std::make_unique<OpensmtpdServer>(unpacked);
}

}  // namespace

void Relay::SetUp() {
    const Result<UnpackedMailServer> unpacked = UnpackedMailServer::find(GetParam());
    if (!unpacked) {
        GTEST_SKIP() << unpacked.error().message;
    }
    const Result<void> possible =
        GetParam() == "opensmtpd" ? OpensmtpdServer::possible() : Result<void>();
    if (!possible) {
        GTEST_SKIP() << possible.error().message;
    }
    server = start(GetParam(), *unpacked);
}

void Relay::TearDown() {
    if (HasFailure() && server) {
        GTEST_LOG_(INFO) << server->log();
    }
}

Options Relay::options() const {
    Options result = loopback_options(server->port());
    result.tls = TlsPolicy::when_offered;
    result.tls_context = *net::make_tls_context({.ca_file = server->ca_file()});
    return result;
}

void Relay::expect_all_arrived(const std::vector<Message>& messages) {
    const bool all = chatear::test::eventually(
        [&] { return server->sink().mails().size() >= messages.size() && server->has_sent_all(); },
        std::chrono::seconds(30)
    );
    EXPECT_TRUE(all) << server->sink().mails().size() << " of " << messages.size();
    std::map<std::string, CaughtMail> arrived;
    for (const CaughtMail& mail : server->sink().mails()) {
        ASSERT_EQ(mail.to.size(), 1U);
        EXPECT_TRUE(arrived.emplace(mail.to[0], mail).second) << mail.to[0] << " twice";
    }
    for (const Message& message : messages) {
        const CaughtMail& mail = arrived[message.envelope.rcpt_to];
        EXPECT_EQ(mail.from, message.envelope.mail_from) << message.envelope.rcpt_to;
        EXPECT_TRUE(mail.content.ends_with(message.content)) << message.envelope.rcpt_to;
    }
    EXPECT_EQ(arrived.size(), messages.size()) << "nothing else arrived";
}

Message message_to(const std::string& recipient) {
    return {Envelope{"shop@a.test", recipient, false}, tricky_content(7)};
}

}  // namespace chatear::smtp::test
