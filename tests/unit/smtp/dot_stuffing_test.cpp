#include "smtp/dot_stuffing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace chatear::smtp {
namespace {

/// What a server makes of stuffed bytes (RFC 5321, 4.5.2), with the end taken off.
std::string unstuffed(std::string_view stuffed) {
    std::string content;
    while (!stuffed.empty()) {
        const std::size_t end = stuffed.find("\r\n") + 2;
        const std::string_view line = stuffed.substr(0, end);
        if (line == ".\r\n") {
            return content;
        }
        content += line.starts_with('.') ? line.substr(1) : line;
        stuffed.remove_prefix(end);
    }
    return "(no end)";
}

TEST(DotStuffing, DoublesADotAtTheStartOfALineOnly) {
    EXPECT_EQ(dot_stuffed(".\r\n..\r\na.b\r\n.c\r\n"), "..\r\n...\r\na.b\r\n..c\r\n.\r\n");
}

TEST(DotStuffing, EndsTheLastLine) {
    EXPECT_EQ(dot_stuffed("a"), "a\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(""), ".\r\n");
    EXPECT_EQ(dot_stuffed("."), "..\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\r\n"), "a\r\n.\r\n");
}

TEST(DotStuffing, NoSecondMessageCanBeSmuggled) {
    EXPECT_EQ(dot_stuffed("a\n.\nMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\r.\rMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\n.\r\nMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(std::string("a\r\n\0.\r\nMAIL", 11)), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(dot_stuffed(std::string("a\0b", 3)), "ab\r\n.\r\n");
    EXPECT_EQ(dot_stuffed("a\r\r\nb"), "a\r\n\r\nb\r\n.\r\n");
}

RC_GTEST_PROP(DotStuffing, OnlyTheEndIsALoneDotAndLinesEndWithCrlf, ()) {
    const auto content =
        *rc::gen::container<std::string>(rc::gen::element('.', '\r', '\n', 'a', '\0', '\xc3'));
    const std::string stuffed = dot_stuffed(content);
    RC_ASSERT(
        stuffed.find("\r\n.\r\n") == std::string::npos ||
        stuffed.find("\r\n.\r\n") == stuffed.size() - 5
    );
    for (std::size_t at = 0; at < stuffed.size(); ++at) {
        RC_ASSERT(stuffed[at] != '\0');
        RC_ASSERT(stuffed[at] != '\n' || (at > 0 && stuffed[at - 1] == '\r'));
        RC_ASSERT(stuffed[at] != '\r' || stuffed[at + 1] == '\n');
    }
}

RC_GTEST_PROP(DotStuffing, WhatWasCleanArrivesAsItWas, (const std::vector<std::string>& words)) {
    std::string content;
    for (const std::string& word : words) {
        for (const char character : word) {
            content +=
                character == '\r' || character == '\n' || character == '\0' ? '.' : character;
        }
        content += "\r\n";
    }
    RC_ASSERT(unstuffed(dot_stuffed(content)) == content);
}

}  // namespace
}  // namespace chatear::smtp
