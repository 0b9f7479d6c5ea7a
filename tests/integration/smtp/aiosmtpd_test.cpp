#include "integration/smtp/sending.hpp"
#include "support/aiosmtpd_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace chatear::smtp::test {
namespace {

using chatear::test::CaughtMail;
using chatear::test::MailCatcher;
using testing::Contains;
using testing::HasSubstr;

void trust(Options& options, const MailCatcher& server, TlsPolicy policy) {
    options.tls = policy;
    options.tls_context = *net::make_tls_context({.ca_file = server.ca_file()});
}

Message message_to(const std::string& recipient) {
    return {Envelope{"shop@a.test", recipient, false}, tricky_content(7)};
}

/// Every message arrived once and as it was.
void expect_all_arrived(const MailCatcher& server, const std::vector<Message>& messages) {
    std::map<std::string, std::string> arrived;
    const std::vector<CaughtMail> mails = server.mails();
    for (const CaughtMail& mail : mails) {
        ASSERT_EQ(mail.to.size(), 1U);
        EXPECT_EQ(mail.from, "shop@a.test");
        EXPECT_TRUE(arrived.emplace(mail.to[0], mail.content).second) << mail.to[0] << " twice";
    }
    EXPECT_EQ(mails.size(), messages.size());
    for (const Message& message : messages) {
        EXPECT_EQ(arrived[message.envelope.rcpt_to], message.content);
    }
}

TEST(Aiosmtpd, TakesAMailInThePlainDialogue) {
    const MailCatcher server;
    const std::vector<Message> messages = numbered_messages(1);
    const Sent sent = send_all(loopback_options(server.port()), messages);
    EXPECT_TRUE(sent.endings[0].is(SendStatus::accepted)) << sent.endings[0].thrown;
    EXPECT_THAT(sent.endings[0].result->reply.text, HasSubstr("kept as 000001.eml"));
    EXPECT_FALSE(sent.extensions->pipelining);
    expect_all_arrived(server, messages);
}

TEST(Aiosmtpd, TakesManyMailsOverFewConnectionsOnceAndIntact) {
    for (const char* keyword : {"PIPELINING", "X-NOTHING"}) {
        SCOPED_TRACE(keyword);
        const MailCatcher server({.arguments = {"--announce", keyword}});
        const std::vector<Message> messages = numbered_messages(200, true);
        Options options = loopback_options(server.port());
        options.connections = 3;
        const Sent sent = send_all(options, messages);
        EXPECT_EQ(sent.extensions->pipelining, std::string(keyword) == "PIPELINING");
        EXPECT_TRUE(sent.counters.merging) << "not refused";
        EXPECT_EQ(sent.counters.accepted, 200U);
        EXPECT_LE(sent.counters.connected, 3U);
        expect_all_arrived(server, messages);
        EXPECT_THAT(server.mails()[60].options, Contains("BODY=8BITMIME"));
    }
}

TEST(Aiosmtpd, RefusedRecipientsDoNotDisturbTheNextMails) {
    for (const char* keyword : {"PIPELINING", "X-NOTHING"}) {
        SCOPED_TRACE(keyword);
        const MailCatcher server({.arguments = {"--announce", keyword}});
        const std::vector<Message> messages = {
            message_to("refuse-550@b.test"),
            message_to("ann@b.test"),
            message_to("later-450-4.2.2@b.test"),
            message_to("content-554@b.test"),
            message_to("bob@b.test"),
            message_to("content-452@b.test"),
            message_to("refuse-550-5.7.1@b.test"),
            message_to("eve@b.test"),
        };
        Options options = loopback_options(server.port());
        options.connections = 1;
        const Sent sent = send_in_turn(options, messages);
        EXPECT_TRUE(sent.endings[0].is(SendStatus::never));
        EXPECT_EQ(sent.endings[0].result->culprit, Culprit::never_recipient);
        EXPECT_TRUE(sent.endings[2].is(SendStatus::try_later));
        EXPECT_EQ(sent.endings[2].result->reply.enhanced_code(), (EnhancedCode{4, 2, 2}));
        EXPECT_TRUE(sent.endings[3].is(SendStatus::never));
        EXPECT_EQ(sent.endings[3].result->culprit, Culprit::never_message);
        EXPECT_TRUE(sent.endings[5].is(SendStatus::try_later));
        EXPECT_TRUE(sent.endings[6].is(SendStatus::never));
        EXPECT_EQ(sent.counters.connected, 1U) << "all on one connection";
        const std::vector<Message> accepted = {messages[1], messages[4], messages[7]};
        expect_all_arrived(server, accepted);
    }
}

TEST(Aiosmtpd, StarttlsIsUsedAndTheCertificateChecked) {
    const MailCatcher server({.tls = MailCatcher::Tls::starttls});
    Options options = loopback_options(server.port());
    trust(options, server, TlsPolicy::when_offered);
    EXPECT_TRUE(send_all(options, numbered_messages(1)).endings[0].is(SendStatus::accepted));
    EXPECT_TRUE(server.mails().at(0).tls);

    options.tls_context = *net::make_tls_context({});  // The system's trust: not this authority.
    const Sent refused = send_all(options, numbered_messages(1));
    EXPECT_THAT(refused.endings[0].thrown, HasSubstr("certificate"));
    EXPECT_EQ(server.mails().size(), 1U);
}

TEST(Aiosmtpd, ACertificateForAnotherNameOrThatHasExpiredIsRefused) {
    for (const auto tls : {MailCatcher::Tls::starttls, MailCatcher::Tls::implicit}) {
        const bool implicit = tls == MailCatcher::Tls::implicit;
        const TlsPolicy policy = implicit ? TlsPolicy::implicit : TlsPolicy::when_offered;
        const MailCatcher other({.tls = tls, .names = {"DNS:other.test"}});
        Options options = loopback_options(other.port());
        trust(options, other, policy);
        EXPECT_THAT(
            send_all(options, numbered_messages(1)).endings[0].thrown,
            HasSubstr("certificate was refused for '127.0.0.1'")
        );
        const MailCatcher expired({.tls = tls, .expired = true});
        options = loopback_options(expired.port());
        trust(options, expired, policy);
        EXPECT_THAT(
            send_all(options, numbered_messages(1)).endings[0].thrown,
            HasSubstr("certificate has expired")
        );
        EXPECT_TRUE(other.mails().empty() && expired.mails().empty());
    }
}

TEST(Aiosmtpd, ImplicitTlsIsUsed) {
    const MailCatcher server({.tls = MailCatcher::Tls::implicit});
    Options options = loopback_options(server.port());
    trust(options, server, TlsPolicy::implicit);
    const std::vector<Message> messages = numbered_messages(20);
    EXPECT_EQ(send_all(options, messages).counters.accepted, 20U);
    EXPECT_TRUE(server.mails().at(0).tls);
    expect_all_arrived(server, messages);
}

TEST(Aiosmtpd, RequiredStarttlsThatIsNotOfferedSendsNothing) {
    const MailCatcher server;
    Options options = loopback_options(server.port());
    trust(options, server, TlsPolicy::starttls);
    EXPECT_THAT(
        send_all(options, numbered_messages(1)).endings[0].thrown, HasSubstr("does not offer")
    );
    EXPECT_TRUE(server.mails().empty());
}

TEST(Aiosmtpd, EachMechanismAuthenticates) {
    for (const auto& [name, mechanism] : std::map<std::string, Mechanism>{
             {"PLAIN", Mechanism::plain},
             {"LOGIN", Mechanism::login},
             {"XOAUTH2", Mechanism::xoauth2}}) {
        SCOPED_TRACE(name);
        const MailCatcher server(
            {.tls = MailCatcher::Tls::starttls,
             .arguments = {"--auth", "ann:secret", "--only-mechanism", name}}
        );
        Options options = loopback_options(server.port());
        trust(options, server, TlsPolicy::starttls);
        options.credentials = Credentials{"ann", Secret("secret")};
        EXPECT_TRUE(send_all(options, numbered_messages(1)).endings[0].is(SendStatus::accepted));
        ASSERT_EQ(server.mails().size(), 1U);
        EXPECT_EQ(server.mails()[0].user, "ann");

        options.credentials = Credentials{"ann", Secret("wrong")};
        const Sent refused = send_all(options, numbered_messages(3));
        EXPECT_THAT(refused.endings[2].thrown, HasSubstr("authentication: 535"));
        EXPECT_EQ(refused.counters.failed_connections, 1U) << "one try, then a pause";
    }
}

TEST(Aiosmtpd, AnAccessTokenLongerThanACommandMayBeAuthenticates) {
    const std::string token(2500, 't');  // As Microsoft's are.
    const MailCatcher server(
        {.tls = MailCatcher::Tls::starttls,
         .arguments = {"--auth", "ann:" + token, "--only-mechanism", "XOAUTH2"}}
    );
    Options options = loopback_options(server.port());
    trust(options, server, TlsPolicy::starttls);
    options.credentials = Credentials{"ann", Secret(token)};
    const Sent sent = send_all(options, numbered_messages(1));
    EXPECT_TRUE(sent.endings[0].is(SendStatus::accepted)) << sent.endings[0].thrown;

    options.credentials = Credentials{"ann", Secret(token + "x")};
    const Sent refused = send_all(options, numbered_messages(1));
    EXPECT_THAT(refused.endings[0].thrown, HasSubstr("authentication: 535"));
}

TEST(Aiosmtpd, AnAccountThatIsMissingStopsTheSenderAndBlamesNoMessage) {
    const MailCatcher server({.arguments = {"--auth", "ann:secret"}});
    Options options = loopback_options(server.port());
    options.connections = 1;
    const Sent sent = send_in_turn(options, numbered_messages(2));
    EXPECT_TRUE(sent.endings[0].is(SendStatus::sender_refused));
    EXPECT_EQ(sent.endings[0].result->reply.code, 530);
    EXPECT_THAT(sent.endings[1].thrown, HasSubstr("530"));
}

TEST(Aiosmtpd, Smtputf8IsUsedOnlyWhereAnAddressNeedsIt) {
    const MailCatcher server({.arguments = {"--utf8"}});
    std::vector<Message> messages = {
        message_to("gr\xc3\xbc\xc3\x9f@b.test"), message_to("ann@b.test")};
    Options options = loopback_options(server.port());
    const Sent sent = send_in_turn(options, messages);
    EXPECT_EQ(sent.counters.accepted, 2U);
    EXPECT_THAT(server.mails().at(0).options, Contains("SMTPUTF8"));
    EXPECT_THAT(server.mails().at(1).options, testing::Not(Contains("SMTPUTF8")));
    expect_all_arrived(server, messages);
}

TEST(Aiosmtpd, WithoutSmtputf8SuchARecipientIsNeverReachable) {
    const MailCatcher server;
    const Sent sent =
        send_all(loopback_options(server.port()), {message_to("gr\xc3\xbc\xc3\x9f@b.test")});
    EXPECT_TRUE(sent.endings[0].is(SendStatus::never));
}

TEST(Aiosmtpd, AMessageOverTheServersSizeIsRefusedBeforeItLeaves) {
    const MailCatcher server({.arguments = {"--max-bytes", "1000"}});
    std::vector<Message> messages = numbered_messages(1);
    messages[0].content.append(2000, 'x');
    const Sent sent = send_all(loopback_options(server.port()), messages);
    EXPECT_TRUE(sent.endings[0].is(SendStatus::never));
    EXPECT_EQ(sent.endings[0].result->culprit, Culprit::never_message);
}

TEST(Aiosmtpd, MailmaxMakesANewConnectionInTime) {
    const MailCatcher server({.arguments = {"--announce", "LIMITS MAILMAX=2"}});
    Options options = loopback_options(server.port());
    options.connections = 1;
    const std::vector<Message> messages = numbered_messages(7);
    const Sent sent = send_in_turn(options, messages);
    EXPECT_EQ(sent.counters.accepted, 7U);
    EXPECT_EQ(sent.counters.connected, 4U);
    std::map<std::int64_t, int> mails_by_connection;
    for (const CaughtMail& mail : server.mails()) {
        EXPECT_LE(++mails_by_connection[mail.peer], 2);
    }
    expect_all_arrived(server, messages);
}

TEST(Aiosmtpd, Rule13AConnectionLostAfterTheContentIsInDoubt) {
    const MailCatcher server;
    const Sent sent = send_all(loopback_options(server.port()), {message_to("lost@b.test")});
    EXPECT_TRUE(sent.endings[0].is(SendStatus::in_doubt)) << sent.endings[0].thrown;
    EXPECT_EQ(server.mails().size(), 1U);
}

TEST(Aiosmtpd, AConnectionLostAtDataIsUnavailableAndSendsNothing) {
    const MailCatcher server;
    const Sent sent = send_all(loopback_options(server.port()), {message_to("half@b.test")});
    EXPECT_THAT(sent.endings[0].thrown, HasSubstr("data: "));
    EXPECT_TRUE(server.mails().empty());
}

TEST(Aiosmtpd, AServerThatWasAwayIsReconnected) {
    MailCatcher server;
    asio::io_context context;
    server.stop();
    const Sent away = send_all(loopback_options(server.port()), numbered_messages(2));
    EXPECT_FALSE(away.endings[0].result);
    EXPECT_THAT(away.endings[1].thrown, HasSubstr("smtp"));
    server.start();
    EXPECT_EQ(
        send_all(loopback_options(server.port()), numbered_messages(2)).counters.accepted, 2U
    );
}

}  // namespace
}  // namespace chatear::smtp::test
