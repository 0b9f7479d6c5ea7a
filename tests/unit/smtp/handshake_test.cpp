#include "smtp/handshake.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace chatear::smtp {
namespace {

using Next = Handshake::Next;

const Credentials account{"tim", Secret("tanstaaftanstaaf")};
const Reply greeting{220, "mx.test ESMTP"};

Handshake begin(TlsPolicy tls, std::optional<Credentials> credentials = std::nullopt) {
    return Handshake(tls, "client.test", std::move(credentials), std::nullopt);
}

/// Plays the replies; what the client wrote, with "(TLS)" where it was started.
std::vector<std::string> play(Handshake& handshake, const std::vector<Reply>& replies) {
    std::vector<std::string> written;
    const auto act = [&] {
        while (handshake.next() == Next::write || handshake.next() == Next::start_tls) {
            if (handshake.next() == Next::write) {
                written.push_back(handshake.take_output());
            } else {
                written.emplace_back("(TLS)");
                handshake.on_tls_started();
            }
        }
    };
    for (const Reply& reply : replies) {
        act();
        EXPECT_EQ(handshake.next(), Next::read);
        handshake.on_reply(reply);
    }
    act();
    return written;
}

using Lines = std::vector<std::string>;

TEST(Handshake, IsGreetingAndEhloWhereNothingElseIsAskedFor) {
    Handshake handshake = begin(TlsPolicy::off);
    EXPECT_EQ(handshake.next(), Next::read) << "nothing may be said before the greeting";
    EXPECT_EQ(
        play(handshake, {greeting, {250, "mx\nPIPELINING\nSTARTTLS"}}),
        Lines{"EHLO client.test\r\n"}
    );
    ASSERT_EQ(handshake.next(), Next::ready);
    EXPECT_TRUE(handshake.extensions().pipelining);
}

TEST(Handshake, FallsBackToHeloWhereEhloIsUnknown) {
    Handshake handshake = begin(TlsPolicy::when_offered);
    const Lines expected = {"EHLO client.test\r\n", "HELO client.test\r\n"};
    EXPECT_EQ(play(handshake, {greeting, {502, "what?"}, {250, "mx\nPIPELINING"}}), expected);
    ASSERT_EQ(handshake.next(), Next::ready);
    EXPECT_EQ(handshake.extensions(), Extensions()) << "an answer to HELO announces nothing";
}

TEST(Handshake, ForgetsWhatWasSaidBeforeTls) {
    Handshake handshake = begin(TlsPolicy::when_offered);
    const Lines expected = {
        "EHLO client.test\r\n", "STARTTLS\r\n", "(TLS)", "EHLO client.test\r\n"};
    const std::vector<Reply> replies = {
        greeting,
        {250, "mx\nPIPELINING\nSTARTTLS\nAUTH PLAIN"},
        {220, "go"},
        {250, "mx\nSIZE 5\nSTARTTLS"}};
    EXPECT_EQ(play(handshake, replies), expected);
    ASSERT_EQ(handshake.next(), Next::ready);
    EXPECT_FALSE(handshake.extensions().pipelining);
    EXPECT_EQ(handshake.extensions().max_message_bytes, 5U);
}

TEST(Handshake, RequiredTlsThatIsMissingOrRefusedEndsIt) {
    Handshake missing = begin(TlsPolicy::starttls, account);
    play(missing, {greeting, {250, "mx\nAUTH PLAIN"}});
    ASSERT_EQ(missing.next(), Next::failed);
    EXPECT_EQ(missing.culprit(), Culprit::unavailable);
    Handshake without_ehlo = begin(TlsPolicy::starttls, account);  // As a middle man may have it.
    play(without_ehlo, {greeting, {502, "no EHLO"}, {250, "mx"}});
    ASSERT_EQ(without_ehlo.next(), Next::failed);
    for (const int code : {454, 502, 554}) {
        for (const TlsPolicy policy : {TlsPolicy::starttls, TlsPolicy::when_offered}) {
            Handshake refused = begin(policy);
            play(refused, {greeting, {250, "mx\nSTARTTLS"}, {code, "no"}});
            ASSERT_EQ(refused.next(), Next::failed) << "never on in the clear";
            EXPECT_EQ(refused.culprit(), Culprit::unavailable);
        }
    }
}

TEST(Handshake, AuthenticatesUnderTls) {
    Handshake handshake = begin(TlsPolicy::starttls, account);
    const Lines expected = {
        "EHLO client.test\r\n",
        "STARTTLS\r\n",
        "(TLS)",
        "EHLO client.test\r\n",
        "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n",
    };
    const std::vector<Reply> replies = {
        greeting,
        {250, "mx\nSTARTTLS"},
        {220, "go"},
        {250, "mx\nAUTH LOGIN PLAIN"},
        {235, "2.7.0 welcome"}};
    EXPECT_EQ(play(handshake, replies), expected);
    EXPECT_EQ(handshake.next(), Next::ready);
}

TEST(Handshake, LoginIsADialogue) {
    Handshake handshake(TlsPolicy::implicit, "client.test", account, Mechanism::login);
    const Lines expected = {
        "EHLO client.test\r\n", "AUTH LOGIN\r\n", "dGlt\r\n", "dGFuc3RhYWZ0YW5zdGFhZg==\r\n"};
    const std::vector<Reply> replies = {
        greeting,
        {250, "mx\nAUTH LOGIN PLAIN"},
        {334, "VXNlcm5hbWU6"},
        {334, "UGFzc3dvcmQ6"},
        {235, "welcome"}};
    EXPECT_EQ(play(handshake, replies), expected);
    EXPECT_EQ(handshake.next(), Next::ready);
}

TEST(Handshake, AWrongPasswordIsOurFaultATemporaryFailureIsNot) {
    Handshake refused = begin(TlsPolicy::implicit, account);
    play(refused, {greeting, {250, "mx\nAUTH PLAIN"}, {535, "5.7.8 no"}});
    ASSERT_EQ(refused.next(), Next::failed);
    EXPECT_EQ(refused.culprit(), Culprit::sender_or_server);
    EXPECT_EQ(refused.why(), "authentication: 535 5.7.8 no");

    Handshake later = begin(TlsPolicy::implicit, account);
    play(later, {greeting, {250, "mx\nAUTH PLAIN"}, {454, "4.7.0 later"}});
    ASSERT_EQ(later.next(), Next::failed);
    EXPECT_EQ(later.culprit(), Culprit::unavailable);
    EXPECT_TRUE(later.asked_for_less());
}

TEST(Handshake, AServerWithoutOurMechanismIsOurFault) {
    Handshake handshake = begin(TlsPolicy::implicit, account);
    play(handshake, {greeting, {250, "mx\nAUTH CRAM-MD5"}});
    ASSERT_EQ(handshake.next(), Next::failed);
    EXPECT_EQ(handshake.culprit(), Culprit::sender_or_server);
}

TEST(Handshake, EndlessChallengesEnd) {
    Handshake handshake = begin(TlsPolicy::implicit, account);
    play(handshake, {greeting, {250, "mx\nAUTH PLAIN"}, {334, ""}, {334, ""}});
    ASSERT_EQ(handshake.next(), Next::failed);
}

TEST(Handshake, RefusedAtTheDoor) {
    Handshake refused = begin(TlsPolicy::off);
    play(refused, {{554, "5.7.1 no service for 192.0.2.1"}});
    EXPECT_EQ(refused.culprit(), Culprit::sender_or_server);
    Handshake full = begin(TlsPolicy::off);
    play(full, {{421, "too many connections"}});
    EXPECT_EQ(full.culprit(), Culprit::unavailable);
    EXPECT_TRUE(full.asked_for_less());
}

RC_GTEST_PROP(Handshake, EndsWhateverTheServerSays, (bool with_account)) {
    const TlsPolicy policy = *rc::gen::element(
        TlsPolicy::when_offered, TlsPolicy::starttls, TlsPolicy::implicit, TlsPolicy::off
    );
    Handshake handshake = begin(policy, with_account ? std::optional(account) : std::nullopt);
    bool encrypted = policy == TlsPolicy::implicit;
    for (int steps = 0; handshake.next() != Next::ready && handshake.next() != Next::failed;
         ++steps) {
        RC_ASSERT(steps < 40);
        if (handshake.next() == Next::write) {
            const std::string line = handshake.take_output();
            RC_ASSERT(
                !line.starts_with("AUTH") || encrypted || policy == TlsPolicy::off ||
                policy == TlsPolicy::when_offered
            );
        } else if (handshake.next() == Next::start_tls) {
            encrypted = true;
            handshake.on_tls_started();
        } else {
            const int code = *rc::gen::element(220, 235, 250, 334, 354, 421, 454, 502, 535);
            handshake.on_reply(
                {code,
                 *rc::gen::element<std::string>(
                     "x", "mx\nSTARTTLS\nAUTH PLAIN LOGIN", "mx\nAUTH XOAUTH2"
                 )}
            );
        }
    }
    RC_ASSERT(handshake.next() == Next::failed || policy != TlsPolicy::starttls || encrypted);
}

}  // namespace
}  // namespace chatear::smtp
