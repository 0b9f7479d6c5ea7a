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
