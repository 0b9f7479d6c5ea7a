#include "integration/smtp/relay_fixture.hpp"

#include "support/exim_server.hpp"
#include "support/opensmtpd_server.hpp"
#include "support/postfix_server.hpp"

#include <chrono>

namespace chatear::smtp::test {
namespace {

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
    expect_arrived_once(server->sink().mails(), messages);
}

Message message_to(const std::string& recipient) {
    return {Envelope{"shop@a.test", recipient, false}, tricky_content(7)};
}

}  // namespace chatear::smtp::test
