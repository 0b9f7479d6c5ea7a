#include "admin/trusted_row.hpp"

#include "base/digest.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

const std::string digits = "00ff" + std::string(60, 'a');

TEST(TrustedRow, IsAnIdAndTheHashBehindTheLastColon) {
    const auto row = parse_trusted_row("8123:" + digits);
    ASSERT_TRUE(row);
    EXPECT_EQ(row->id, "8123");
    EXPECT_EQ(to_hex(row->hash), digits);
    const auto odd = parse_trusted_row("a:b:" + digits);
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->id, "a:b");
    const auto upper = parse_trusted_row("1:" + std::string(64, 'A'));
    ASSERT_TRUE(upper);
    EXPECT_EQ(to_hex(upper->hash), std::string(64, 'a'));
}

TEST(TrustedRow, OfAnotherFormIsNone) {
    EXPECT_FALSE(parse_trusted_row(""));
    EXPECT_FALSE(parse_trusted_row("8123"));
    EXPECT_FALSE(parse_trusted_row(":" + digits));
    EXPECT_FALSE(parse_trusted_row("8123:" + digits.substr(1)));
    EXPECT_FALSE(parse_trusted_row("8123:" + digits + "0"));
    EXPECT_FALSE(parse_trusted_row("8123:" + std::string(64, 'g')));
}

}  // namespace
}  // namespace chatear::admin
