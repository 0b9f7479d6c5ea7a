#include "mail/header_field.hpp"

#include "mail/encoded_word.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace chatear::mail {
namespace {

using Strings = std::vector<std::string>;

std::string free_text(const std::string& value) {
    std::string out;
    append_free_text_field(out, "Subject", value);
    return out;
}

std::string mailbox(const std::string& name, const std::string& local_part = "ann") {
    std::string out;
    append_mailbox_field(out, "To", Address{name, local_part, "example.org"});
    return out;
}

std::vector<std::string> lines_of(const std::string& field) {
    std::vector<std::string> lines;
    std::size_t begin = 0;
    for (std::size_t end = field.find("\r\n"); end != std::string::npos;
         end = field.find("\r\n", begin)) {
        lines.push_back(field.substr(begin, end - begin));
        begin = end + 2;
    }
    return lines;
}

TEST(FreeTextField, IsWrittenAsItIsWherePossible) {
    EXPECT_EQ(free_text("Hello, world: 50% off!"), "Subject: Hello, world: 50% off!\r\n");
    EXPECT_EQ(free_text(""), "Subject: \r\n");
}

TEST(FreeTextField, IsFoldedBeforeSpaces) {
    const std::string words =
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen";
    const auto lines = lines_of(free_text(words));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0] + lines[1], "Subject: " + words);
    EXPECT_EQ(lines[1].front(), ' ');
    EXPECT_LE(lines[0].size(), 78U);
}

TEST(FreeTextField, UsesEncodedWordsForOtherLetters) {
    EXPECT_EQ(free_text("Olá"), "Subject: =?utf-8?Q?Ol=C3=A1?=\r\n");
    EXPECT_EQ(free_text("日本語"), "Subject: =?utf-8?B?5pel5pys6Kqe?=\r\n");
}

TEST(FreeTextField, EncodesWhatReadersWouldChange) {
    EXPECT_EQ(free_text("two  spaces"), "Subject: =?utf-8?Q?two__spaces?=\r\n");
    EXPECT_EQ(free_text(" edge"), "Subject: =?utf-8?Q?_edge?=\r\n");
    EXPECT_EQ(free_text("edge "), "Subject: =?utf-8?Q?edge_?=\r\n");
    EXPECT_EQ(free_text("=?utf-8?Q?a?="), "Subject: =?utf-8?B?PT91dGYtOD9RP2E/PQ==?=\r\n");
}

TEST(FreeTextField, NeverLetsALineBreakThrough) {
    for (const std::string& text : Strings{
             "a\r\nBcc: b@c.test",
             "a\nBcc: b@c.test",
             "a\rb",
             "\r\n\r\nbody",
             "a\xc2\x85 b",
             "\xe2\x80\xa9"}) {
        const auto lines = lines_of(free_text(text));
        for (std::size_t line = 0; line < lines.size(); ++line) {
            EXPECT_EQ(lines[line].find_first_of("\r\n"), std::string::npos);
            EXPECT_TRUE(lines[line].starts_with(line == 0 ? "Subject: " : " "));
        }
        EXPECT_EQ(free_text(text).find("\r\nBcc"), std::string::npos);
    }
}

TEST(StructuredField, IsFoldedAndNeverEncoded) {
    std::string out;
    append_structured_field(
        out,
        "List-Unsubscribe",
        " <https://example.org/" + std::string(70, 'x') + ">, <mailto:a@b.test> "
    );
    const auto lines = lines_of(out);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[1], " <mailto:a@b.test>");
    std::string evil;
    append_structured_field(evil, "References", "<a>\r\nBcc: b\xff");
    EXPECT_EQ(evil, "References: <a>??Bcc: b?\r\n");
}

TEST(MailboxField, WritesTheNameAsItNeeds) {
    EXPECT_EQ(mailbox(""), "To: ann@example.org\r\n");
    EXPECT_EQ(mailbox("Ann Lee"), "To: Ann Lee <ann@example.org>\r\n");
    EXPECT_EQ(
        mailbox("Lee, Ann (\"A\\B\")"), "To: \"Lee, Ann (\\\"A\\\\B\\\")\" <ann@example.org>\r\n"
    );
    EXPECT_EQ(mailbox("João Silva"), "To: =?utf-8?Q?Jo=C3=A3o_Silva?= <ann@example.org>\r\n");
    EXPECT_EQ(mailbox("a\r\nBcc: x@y.test").find("\r\nBcc"), std::string::npos);
}

TEST(MailboxField, IsFoldedBeforeALongAddress) {
    const auto lines = lines_of(mailbox("Ann Lee", std::string(64, 'a')));
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_EQ(lines[0], "To: Ann Lee");
}

RC_GTEST_PROP(EncodedWords, AreShortWholeAndClean, (const std::string& text)) {
    const auto column = *rc::gen::inRange<std::size_t>(0, 100);
    std::string out;
    append_encoded_words(out, column, text);
    out += "\r\n";
    for (const std::string& line : lines_of(out)) {
        RC_ASSERT(line.size() <= 76U);
        for (const char byte : line) {
            RC_ASSERT(byte >= ' ' && byte < 0x7f);
        }
        if (line.size() > 1) {
            RC_ASSERT(line.ends_with("?="));
        }
    }
}

}  // namespace
}  // namespace chatear::mail
