#include "smtp/authentication.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace chatear::smtp {
namespace {

Authentication dialogue(Mechanism mechanism) {
    return Authentication(mechanism, Credentials{"tim", Secret("tanstaaftanstaaf")});
}

Extensions offering(std::vector<std::string> mechanisms) {
    Extensions extensions;
    extensions.mechanisms = std::move(mechanisms);
    return extensions;
}

TEST(Authentication, PlainIsOneLine) {
    // The example of RFC 4616, section 4.
    EXPECT_EQ(dialogue(Mechanism::plain).command(), "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm\r\n");
}

TEST(Authentication, LoginAnswersTwoChallengesAndCancelsAThird) {
    Authentication login = dialogue(Mechanism::login);
    EXPECT_EQ(login.command(), "AUTH LOGIN\r\n");
    EXPECT_EQ(login.answer(), to_base64("tim") + "\r\n");
    EXPECT_EQ(login.answer(), to_base64("tanstaaftanstaaf") + "\r\n");
    EXPECT_FALSE(login.cancelled());
    EXPECT_EQ(login.answer(), "*\r\n");
    EXPECT_TRUE(login.cancelled());
}

TEST(Authentication, Xoauth2AnswersItsFailureWithAnEmptyLine) {
    Authentication xoauth2 = dialogue(Mechanism::xoauth2);
    const std::string message =
        "user=tim\x01"
        "auth=Bearer tanstaaftanstaaf\x01\x01";
    EXPECT_EQ(xoauth2.command(), "AUTH XOAUTH2 " + to_base64(message) + "\r\n");
    EXPECT_EQ(xoauth2.answer(), "\r\n");
    EXPECT_EQ(xoauth2.answer(), "*\r\n");
}

TEST(Authentication, AChallengeToPlainIsCancelled) {
    EXPECT_EQ(dialogue(Mechanism::plain).answer(), "*\r\n");
}

TEST(Authentication, WhatIsTooLongForACommandAnswersTheFirstChallenge) {
    const auto with = [](Mechanism mechanism, std::size_t token_bytes) {
        return Authentication(mechanism, Credentials{"tim", Secret(std::string(token_bytes, 'x'))});
    };
    for (std::size_t bytes = 1; bytes < 3000; ++bytes) {
        for (const Mechanism mechanism : {Mechanism::plain, Mechanism::login, Mechanism::xoauth2}) {
            ASSERT_LE(with(mechanism, bytes).command().size(), Authentication::max_command_bytes);
        }
    }
    Authentication token = with(Mechanism::xoauth2, 2000);
    EXPECT_EQ(token.command(), "AUTH XOAUTH2\r\n");
    const std::string message =
        "user=tim\x01"
        "auth=Bearer " +
        std::string(2000, 'x') + "\x01\x01";
    EXPECT_EQ(token.answer(), to_base64(message) + "\r\n");
    EXPECT_EQ(token.answer(), "\r\n") << "the challenge that holds the failure";
    EXPECT_EQ(token.answer(), "*\r\n");

    Authentication plain = with(Mechanism::plain, 500);
    EXPECT_EQ(plain.command(), "AUTH PLAIN\r\n");
    EXPECT_EQ(
        plain.answer(), to_base64(std::string("\0tim\0", 5) + std::string(500, 'x')) + "\r\n"
    );
    EXPECT_EQ(plain.answer(), "*\r\n");
    EXPECT_TRUE(plain.cancelled());
}

TEST(Authentication, ChoosesTheFirstThatIsOfferedOrTheOneThatIsWanted) {
    EXPECT_EQ(
        *choose_mechanism(std::nullopt, offering({"XOAUTH2", "LOGIN", "PLAIN"})), Mechanism::plain
    );
    EXPECT_EQ(*choose_mechanism(std::nullopt, offering({"XOAUTH2", "LOGIN"})), Mechanism::login);
    EXPECT_EQ(*choose_mechanism(std::nullopt, offering({"XOAUTH2"})), Mechanism::xoauth2);
    EXPECT_EQ(
        *choose_mechanism(Mechanism::xoauth2, offering({"PLAIN", "XOAUTH2"})), Mechanism::xoauth2
    );
    EXPECT_EQ(
        choose_mechanism(Mechanism::login, offering({"PLAIN", "CRAM-MD5"})).error().message,
        "the mail server does not offer AUTH LOGIN, but PLAIN CRAM-MD5"
    );
    EXPECT_EQ(
        choose_mechanism(std::nullopt, offering({})).error().message,
        "the mail server does not offer AUTH PLAIN, LOGIN or XOAUTH2, nor any other"
    );
}

}  // namespace
}  // namespace chatear::smtp
