#include "smtp/wire_content.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::smtp {
namespace {

/// Content as it stands behind 354.
std::string on_the_wire(std::string content) {
    return dot_stuffed(canonical_content(std::move(content))).append(end_of_content);
}

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

TEST(WireContent, DoublesADotAtTheStartOfALineOnly) {
    EXPECT_EQ(on_the_wire(".\r\n..\r\na.b\r\n.c\r\n"), "..\r\n...\r\na.b\r\n..c\r\n.\r\n");
}

TEST(WireContent, EndsTheLastLine) {
    EXPECT_EQ(on_the_wire("a"), "a\r\n.\r\n");
    EXPECT_EQ(on_the_wire(""), ".\r\n");
    EXPECT_EQ(on_the_wire("."), "..\r\n.\r\n");
    EXPECT_EQ(on_the_wire("a\r\n"), "a\r\n.\r\n");
}

TEST(WireContent, NoSecondMessageCanBeSmuggled) {
    EXPECT_EQ(on_the_wire("a\n.\nMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(on_the_wire("a\r.\rMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(on_the_wire("a\n.\r\nMAIL"), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(on_the_wire(std::string("a\r\n\0.\r\nMAIL", 11)), "a\r\n..\r\nMAIL\r\n.\r\n");
    EXPECT_EQ(on_the_wire(std::string("a\0b", 3)), "ab\r\n.\r\n");
    EXPECT_EQ(on_the_wire("a\r\r\nb"), "a\r\n\r\nb\r\n.\r\n");
}

TEST(WireContent, OnlyAHeaderFieldIsNoCommand) {
    EXPECT_EQ(first_field_bytes("Subject: x\r\n\r\nMAIL FROM:<a@b.test>\r\n"), 12U);
    EXPECT_EQ(first_field_bytes("X:\r\n"), 4U);
    for (const std::string& none :
         {std::string(),
          std::string("\r\nSubject: x\r\n"),
          std::string("MAIL FROM:<a@b.test>\r\n"),
          std::string("RSET\r\nSubject: x\r\n"),
          std::string(" Subject: x\r\n"),
          std::string(": x\r\n"),
          std::string("Gr\xc3\xbc\xc3\x9f: x\r\n"),
          "X: " + std::string(1000, 'x') + "\r\n"}) {
        EXPECT_EQ(first_field_bytes(none), 0U) << none;
    }
}

RC_GTEST_PROP(WireContent, OnlyTheEndIsALoneDotAndLinesEndWithCrlf, ()) {
    const auto content =
        *rc::gen::container<std::string>(rc::gen::element('.', '\r', '\n', 'a', '\0', '\xc3'));
    const std::string stuffed = on_the_wire(content);
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

TEST(WireContent, WhatHasTheFormAlreadyIsNotCopied) {
    std::string content =
        "Subject: x\r\n\r\na line of text that is long enough to be on the heap\r\n";
    const char* const bytes = content.data();
    const std::string same = dot_stuffed(canonical_content(std::move(content)));
    EXPECT_EQ(same.data(), bytes);
}

RC_GTEST_PROP(WireContent, WhatWasCleanArrivesAsItWas, (const std::vector<std::string>& words)) {
    std::string content;
    for (const std::string& word : words) {
        for (const char character : word) {
            content +=
                character == '\r' || character == '\n' || character == '\0' ? '.' : character;
        }
        content += "\r\n";
    }
    RC_ASSERT(unstuffed(on_the_wire(content)) == content);
}

}  // namespace
}  // namespace chatear::smtp
