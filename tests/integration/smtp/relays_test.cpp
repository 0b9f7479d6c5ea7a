// The same scenarios against each real mail server that relays to a mail catcher.
#include "integration/smtp/relay_fixture.hpp"
#include "support/exim_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using chatear::test::CaughtMail;
using chatear::test::EximServer;
using chatear::test::UnpackedMailServer;
using testing::HasSubstr;

TEST_P(Relay, TakesManyMailsOverFewConnectionsOnceAndIntact) {
    const std::vector<Message> messages = numbered_messages(200, true);
    Options four = options();
    four.connections = 4;
    const Sent sent = send_all(four, messages);
    EXPECT_EQ(sent.counters.accepted, 200U) << sent.last_error;
    EXPECT_LE(sent.counters.connected, 4U);
    expect_all_arrived(messages);
}

TEST_P(Relay, StarttlsIsUsedAndTheCertificateChecked) {
    if (!server->offers_tls()) {
        GTEST_SKIP() << GetParam() << " offers no STARTTLS here";
    }
    Options required = options();
    required.tls = TlsPolicy::starttls;
    EXPECT_EQ(send_all(required, numbered_messages(3)).counters.accepted, 3U);
    expect_all_arrived(numbered_messages(3));
    required.tls_context = *net::make_tls_context({});
    EXPECT_THAT(
        send_all(required, numbered_messages(1)).endings[0].thrown, HasSubstr("certificate")
    );
}

TEST_P(Relay, ARefusedRecipientDoesNotDisturbTheNextMailOnTheConnection) {
    const std::vector<Message> messages = {
        message_to("ann@b.test"),
        message_to("refuse@b.test"),
        message_to("bob@b.test"),
        message_to("refuse@b.test"),
        message_to("refuse@b.test"),
        message_to("eve@b.test"),
    };
    for (const TlsPolicy policy : {TlsPolicy::off, TlsPolicy::starttls}) {
        Options one = options();
        one.connections = 1;
        if (policy == TlsPolicy::starttls && !server->offers_tls()) {
            break;
        }
        one.tls = policy;
        const Sent sent = send_in_turn(one, messages);
        for (const std::size_t refused : {1U, 3U, 4U}) {
            ASSERT_TRUE(sent.endings[refused].is(SendStatus::never))
                << sent.endings[refused].thrown;
            EXPECT_EQ(sent.endings[refused].result->culprit, Culprit::never_recipient);
            EXPECT_EQ(sent.endings[refused].result->reply.code, 550);
        }
        EXPECT_EQ(sent.counters.accepted, 3U) << sent.last_error;
        EXPECT_EQ(sent.counters.connected, 1U);
        if (policy == TlsPolicy::off) {
            expect_all_arrived({messages[0], messages[2], messages[5]});
        }
    }
}

TEST_P(Relay, ARefusalToRelayIsOurFaultAndNotTheRecipients) {
    if (GetParam() == "opensmtpd") {
        GTEST_SKIP() << "OpenSMTPD says \"550 Invalid recipient\" to both";
    }
    const Sent sent = send_all(options(), {message_to("ann@elsewhere.test")});
    EXPECT_TRUE(sent.endings[0].is(SendStatus::sender_refused))
        << sent.endings[0].result->reply.one_line();
}

TEST_P(Relay, AContentOfManyWritesArrivesIntact) {
    std::vector<Message> messages = {message_to("ann@b.test")};
    for (int line = 0; line < 20000; ++line) {
        messages[0].content +=
            ".line " + std::to_string(line) + " with some text behind it, so that it adds up\r\n";
    }
    EXPECT_EQ(send_all(options(), messages).counters.accepted, 1U);
    expect_all_arrived(messages);
}

TEST_P(Relay, NothingInAContentBecomesASecondMessage) {
    const std::string smuggled =
        "MAIL FROM:<evil@a.test>\r\nRCPT TO:<victim@b.test>\r\nDATA\r\n"
        "Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n";
    const std::vector<std::string> ends = {
        "\r\n.\r\n",
        "\n.\n",
        "\r.\r",
        "\n.\r\n",
        "\r\n.\n",
        "\r\n.\r",
        "\r.\r\n",
        "\n.\r",
        std::string("\r\n\0.\r\n", 6),
        std::string("\r\n.\0\r\n", 6),
    };
    std::vector<Message> messages;
    for (const std::string& end : ends) {
        const std::string number = std::to_string(messages.size());
        messages.push_back(message_to("ann" + number + "@b.test"));
        messages.back().content = "Subject: " + number + "\r\n\r\ntext" + end + smuggled;
    }
    EXPECT_EQ(send_all(options(), messages).counters.accepted, ends.size());
    const bool all = chatear::test::eventually(
        [&] { return server->sink().mails().size() >= ends.size(); }, std::chrono::seconds(30)
    );
    EXPECT_TRUE(all);
    const std::vector<CaughtMail> mails = server->sink().mails();
    EXPECT_EQ(mails.size(), ends.size());
    for (const CaughtMail& mail : mails) {
        EXPECT_EQ(mail.from, "shop@a.test");
        EXPECT_THAT(mail.to, testing::ElementsAre(testing::StartsWith("ann")));
        EXPECT_THAT(mail.content, HasSubstr("MAIL FROM:<evil@a.test>")) << "it stays a text";
    }
}

TEST_P(Relay, AnInternationalAddressArrivesWhereTheServerTakesSuch) {
    Message message = message_to("gr\xc3\xbc\xc3\x9f@b.test");
    message.envelope.needs_smtputf8 = true;
    message.content = "To: gr\xc3\xbc\xc3\x9f@b.test\r\n" + message.content;
    const Sent sent = send_all(options(), {message});
    ASSERT_TRUE(sent.extensions);
    EXPECT_EQ(sent.extensions->smtputf8, GetParam() != "opensmtpd");
    if (!sent.extensions->smtputf8) {
        EXPECT_TRUE(sent.endings[0].is(SendStatus::never)) << sent.endings[0].thrown;
        EXPECT_EQ(sent.endings[0].result->culprit, Culprit::never_message);
        return;
    }
    EXPECT_TRUE(sent.endings[0].is(SendStatus::accepted))
        << sent.endings[0].thrown << sent.last_error;
    expect_all_arrived({message});
    EXPECT_THAT(server->sink().mails().at(0).options, testing::Contains("SMTPUTF8"));
}

INSTANTIATE_TEST_SUITE_P(
    Servers,
    Relay,
    testing::Values("postfix", "exim", "opensmtpd"),
    [](const auto& server) { return server.param; }
);

TEST(Exim, BeyondItsMessagesAConnectionANewOneIsMadeAndNoAttemptCounted) {
    const Result<UnpackedMailServer> unpacked = UnpackedMailServer::find("exim");
    if (!unpacked) {
        GTEST_SKIP() << unpacked.error().message;
    }
    EximServer server(*unpacked, {.max_mails_per_connection = 10});
    Options options = loopback_options(server.port());
    options.connections = 1;
    const Sent sent = send_in_turn(options, numbered_messages(35));
    EXPECT_EQ(sent.counters.accepted, 35U) << sent.last_error;
    EXPECT_EQ(sent.counters.try_later, 0U);
    EXPECT_EQ(sent.counters.connected, 4U);
    EXPECT_TRUE(chatear::test::eventually([&] { return server.sink().mails().size() == 35; }));
}

TEST(Exim, ItsLimitOfMessagesAConnectionLeavesThePoolAtItsSize) {
    const Result<UnpackedMailServer> unpacked = UnpackedMailServer::find("exim");
    if (!unpacked) {
        GTEST_SKIP() << unpacked.error().message;
    }
    EximServer server(*unpacked, {.max_mails_per_connection = 10});
    Options options = loopback_options(server.port());
    options.connections = 4;
    const Sent sent = send_all(options, numbered_messages(120));
    EXPECT_EQ(sent.counters.accepted, 120U) << sent.last_error;
    EXPECT_EQ(sent.counters.allowed, 4U);
}

TEST(Exim, AuthenticatesByPlainAndLogin) {
    const Result<UnpackedMailServer> unpacked = UnpackedMailServer::find("exim");
    if (!unpacked) {
        GTEST_SKIP() << unpacked.error().message;
    }
    EximServer server(*unpacked);
    Options options = loopback_options(server.port());
    options.tls = TlsPolicy::starttls;
    options.tls_context = *net::make_tls_context({.ca_file = server.ca_file()});
    for (const Mechanism mechanism : {Mechanism::plain, Mechanism::login}) {
        options.mechanism = mechanism;
        options.credentials = Credentials{"ann", Secret("secret")};
        const Sent sent =
            send_all(options, {message_to("ann@elsewhere.test")});  // Relayed for accounts only.
        EXPECT_TRUE(sent.endings[0].is(SendStatus::accepted))
            << sent.endings[0].thrown << server.log();
        options.credentials = Credentials{"ann", Secret("wrong")};
        EXPECT_THAT(
            send_all(options, {message_to("ann@b.test")}).endings[0].thrown, HasSubstr("535")
        );
    }
}

}  // namespace
}  // namespace chatear::smtp::test
