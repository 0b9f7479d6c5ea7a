#include "postgres/storable_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::postgres {
namespace {

TEST(StorableText, KeepsWellFormedText) {
    for (const char* text : {"", "plain", "é", "€", "😀", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
        EXPECT_EQ(storable_text(text), text);
    }
}

TEST(StorableText, ReplacesEachByteThatCannotStand) {
    const std::string r = "\xef\xbf\xbd";
    EXPECT_EQ(storable_text(std::string_view("a\0b", 3)), "a" + r + "b");
    EXPECT_EQ(storable_text("\xff"), r);
    EXPECT_EQ(storable_text("a\xc3"), "a" + r);
    EXPECT_EQ(storable_text("\xc0\x80"), r + r);          // Overlong.
    EXPECT_EQ(storable_text("\xed\xa0\x80"), r + r + r);  // A surrogate.
    EXPECT_EQ(storable_text("\xf5\x80\x80\x80"), r + r + r + r);
    EXPECT_EQ(storable_text("\xe2\x82z"), r + r + "z");
}

RC_GTEST_PROP(StorableText, ChangesNothingTheSecondTime, (const std::string& bytes)) {
    const std::string once = storable_text(bytes);
    RC_ASSERT(storable_text(once) == once);
    RC_ASSERT(once.find('\0') == std::string::npos);
}

}  // namespace
}  // namespace chatear::postgres
