#include "deletion/recovery_token.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <set>

namespace chatear::deletion {
namespace {

TEST(RecoveryToken, IsSixtyFourHexadecimalDigitsAndItsDigestIsFoundAgain) {
    const RecoveryToken token = make_recovery_token();
    EXPECT_EQ(token.text.size(), 64U);
    EXPECT_EQ(token.text.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(token.sha256, sha256(token.text));
    EXPECT_EQ(recovery_token_sha256(token.text), token.sha256);
}

TEST(RecoveryToken, IsAnotherOneEachTime) {
    std::set<std::string> texts;
    for (int i = 0; i < 1000; ++i) {
        texts.insert(make_recovery_token().text);
    }
    EXPECT_EQ(texts.size(), 1000U);
}

TEST(RecoveryToken, OfAnotherFormIsNone) {
    const std::string good(64, 'a');
    EXPECT_TRUE(recovery_token_sha256(good));
    EXPECT_FALSE(recovery_token_sha256(""));
    EXPECT_FALSE(recovery_token_sha256(good.substr(1)));
    EXPECT_FALSE(recovery_token_sha256(good + "a"));
    EXPECT_FALSE(recovery_token_sha256(std::string(64, 'A')));
    EXPECT_FALSE(recovery_token_sha256(std::string(63, 'a') + "g"));
    EXPECT_FALSE(recovery_token_sha256(std::string(63, 'a') + "\n"));
}

}  // namespace
}  // namespace chatear::deletion
