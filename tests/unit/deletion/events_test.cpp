#include "deletion/recovery_token.hpp"
#include "deletion/user_delete.hpp"
#include "deletion/user_recover.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using DeleteCodec = runtime::EventCodec<UserDelete>;
using RecoverCodec = runtime::EventCodec<UserRecover>;

std::string user_of(std::string_view json) {
    const auto event = DeleteCodec::decode(json);
    return event ? event->user_id : "error: " + event.error().message;
}

std::string recovery_error(std::string_view json) {
    const auto event = RecoverCodec::decode(json);
    return event ? "" : event.error().message;
}

const std::string token(64, 'a');

TEST(UserDeleteEvent, NamesAUser) {
    EXPECT_EQ(user_of(R"({"user_id": "4711"})"), "4711");
    EXPECT_EQ(user_of(R"({"user_id": "Jürgen", "reason": [1, 2]})"), "Jürgen");
    EXPECT_EQ(user_of(R"({"user_id": ")" + std::string(256, 'u') + R"("})").size(), 256U);
}

TEST(UserDeleteEvent, TakesAWholeNumberAsItsText) {
    EXPECT_EQ(user_of(R"({"user_id": 4711})"), "4711");
    EXPECT_EQ(user_of(R"({"user_id": -1})"), "-1");
    EXPECT_EQ(user_of(R"({"user_id": 18446744073709551615})"), "18446744073709551615");
    EXPECT_EQ(user_of(R"({"user_id": 1.5})"), "error: user_id: is no text");
}

TEST(UserDeleteEvent, IsRefusedWithTheNameOfTheField) {
    EXPECT_EQ(user_of("[]"), "error: the event is not a JSON object");
    EXPECT_EQ(user_of("{}"), "error: user_id: is missing");
    EXPECT_EQ(user_of(R"({"user_id": null})"), "error: user_id: is missing");
    EXPECT_EQ(user_of(R"({"user_id": ""})"), "error: user_id: is empty");
    EXPECT_EQ(user_of(R"({"user_id": true})"), "error: user_id: is no text");
    EXPECT_EQ(
        user_of(R"({"user_id": ")" + std::string(257, 'u') + R"("})"),
        "error: user_id: is over 256 bytes"
    );
    EXPECT_EQ(
        user_of(R"({"user_id": "4711\n"})"),
        "error: user_id: has a control character (a line break, perhaps)"
    );
    EXPECT_EQ(
        user_of(R"({"user_id": "4711", "event_id": "a b"})"),
        "error: event_id: is not made of visible ASCII characters without spaces"
    );
    EXPECT_EQ(user_of(R"({"user_id": "4711", "user_id": "4712"})").substr(0, 6), "error:");
}

TEST(UserDeleteEvent, HasTheIdThatItSays) {
    EXPECT_EQ(
        DeleteCodec::event_id(*DeleteCodec::decode(R"({"user_id": "1", "event_id": "bye-1"})")),
        "bye-1"
    );
    EXPECT_EQ(
        DeleteCodec::event_id(*DeleteCodec::decode(R"({"user_id": "1", "event_id": ""})")),
        std::nullopt
    );
    EXPECT_EQ(DeleteCodec::event_id(*DeleteCodec::decode(R"({"user_id": "1"})")), std::nullopt);
}

TEST(UserDeleteEvent, HasTheSameContentHoweverItIsWritten) {
    const auto content = [](std::string_view json) {
        return DeleteCodec::content_sha256(*DeleteCodec::decode(json));
    };
    const std::string plain = content(R"({"user_id": "4711"})");
    EXPECT_EQ(plain.size(), 32U);
    EXPECT_EQ(content(R"({"event_id": "x", "more": 1, "user_id": "\u0034711"})"), plain);
    EXPECT_EQ(content(R"({"user_id": 4711})"), plain);
    EXPECT_NE(content(R"({"user_id": "4712"})"), plain);
}

TEST(UserRecoverEvent, NamesItsUserOrShowsAToken) {
    const auto by_user = RecoverCodec::decode(R"({"user_id": 17, "event_id": "back-17"})");
    ASSERT_TRUE(by_user);
    EXPECT_EQ(by_user->user_id, "17");
    EXPECT_EQ(by_user->token_sha256, "");
    EXPECT_EQ(RecoverCodec::event_id(*by_user), "back-17");

    const auto by_token = RecoverCodec::decode(R"({"token": ")" + token + R"("})");
    ASSERT_TRUE(by_token);
    EXPECT_EQ(by_token->user_id, "");
    EXPECT_EQ(by_token->token_sha256, recovery_token_sha256(token));
    EXPECT_EQ(RecoverCodec::event_id(*by_token), std::nullopt);
}

TEST(UserRecoverEvent, IsRefusedWithoutRepeatingTheToken) {
    EXPECT_EQ(recovery_error("{}"), "there is neither 'user_id' nor 'token'");
    EXPECT_EQ(
        recovery_error(R"({"user_id": "1", "token": ")" + token + R"("})"),
        "there is both 'user_id' and 'token'"
    );
    const std::string malformed = "token: is not 64 digits of lower-case hexadecimal";
    EXPECT_EQ(recovery_error(R"({"token": "abc"})"), malformed);
    EXPECT_EQ(recovery_error(R"({"token": ""})"), malformed);
    EXPECT_EQ(recovery_error(R"({"token": 5})"), malformed);
    EXPECT_EQ(recovery_error(R"({"user_id": ""})"), "user_id: is empty");
}

TEST(UserRecoverEvent, OfAUserAndOfATokenAreNeverTheSameContent) {
    UserRecover by_user;
    by_user.user_id = std::string(32, 'x');
    UserRecover by_token;
    by_token.token_sha256 = std::string(32, 'x');
    EXPECT_NE(RecoverCodec::content_sha256(by_user), RecoverCodec::content_sha256(by_token));
    UserDelete deletion;
    deletion.user_id = by_user.user_id;
    EXPECT_NE(RecoverCodec::content_sha256(by_user), DeleteCodec::content_sha256(deletion));
}

}  // namespace
}  // namespace chatear::deletion
