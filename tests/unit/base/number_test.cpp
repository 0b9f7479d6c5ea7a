#include "base/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace chatear {
namespace {

TEST(Number, IsTheWholeText) {
    EXPECT_EQ(parse_number<std::uint16_t>("0"), 0U);
    EXPECT_EQ(parse_number<std::uint16_t>("65535"), 65535U);
    EXPECT_EQ(parse_number<int>("-7"), -7);
    for (const char* text : {"", " 1", "1 ", "1x", "+1", "-1", "0x1", "1.0", "65536"}) {
        EXPECT_EQ(parse_number<std::uint16_t>(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace chatear
