#include "base/utf8.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear {
namespace {

const std::string replacement = "\xef\xbf\xbd";

TEST(Utf8, KnowsTheEdgesOfRfc3629) {
    const std::pair<std::string_view, std::size_t> cases[] = {
        {"", 0},
        {"a", 1},
        {std::string_view("\0", 1), 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xc2", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xe1\x80", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xf0\x90\x80", 0},
        {"\xff", 0}};
    for (const auto& [text, length] : cases) {
        EXPECT_EQ(utf8_character_length(text), length) << testing::PrintToString(text);
    }
}

TEST(Utf8, ReplacesEachByteThatBelongsToNoCharacter) {
    EXPECT_EQ(valid_utf8("a\xffz"), "a" + replacement + "z");
    EXPECT_EQ(valid_utf8("\xe2\x82"), replacement + replacement);
    EXPECT_EQ(valid_utf8("\xe2\x82\xac"), "\xe2\x82\xac");
}

RC_GTEST_PROP(Utf8, WhatWasMadeValidStaysAsItIs, (const std::string& bytes)) {
    const std::string once = valid_utf8(bytes);
    RC_ASSERT(valid_utf8(once) == once);
}

}  // namespace
}  // namespace chatear
