#include "smtp/reply.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace chatear::smtp {
namespace {

/// All replies in `bytes`, fed in pieces of `piece_bytes`; an Error ends the test.
std::vector<Reply> parse(std::string_view bytes, std::size_t piece_bytes = 1) {
    ReplyParser parser;
    std::vector<Reply> replies;
    while (!bytes.empty()) {
        const std::size_t size = std::min(piece_bytes, bytes.size());
        parser.feed(bytes.substr(0, size));
        bytes.remove_prefix(size);
        while (true) {
            const Result<std::optional<Reply>> reply = parser.next();
            EXPECT_TRUE(reply.has_value()) << reply.error().message;
            if (!reply || !*reply) {
                break;
            }
            replies.push_back(**reply);
        }
    }
    return replies;
}

bool is_refused(std::string_view bytes) {
    ReplyParser parser;
    parser.feed(bytes);
    return parser.next().has_error();
}

TEST(ReplyParser, ReadsRepliesCutAnywhere) {
    const std::string bytes =
        "220 mx.test ESMTP\r\n250-mx.test\r\n250-SIZE 100\r\n250 HELP\r\n354\r\n250 2.1.5 "
        "ok\n550-\r\n550 no\r\n";
    const std::vector<Reply> expected = {
        {220, "mx.test ESMTP"},
        {250, "mx.test\nSIZE 100\nHELP"},
        {354, ""},
        {250, "2.1.5 ok"},
        {550, "\nno"},
    };
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        SCOPED_TRACE(piece);
        EXPECT_EQ(parse(bytes, piece), expected);
    }
}

TEST(ReplyParser, RefusesALineWithoutCode) {
    for (const char* line :
         {"hello\r\n",
          "\r\n",
          "25\r\n",
          "199 x\r\n",
          "600 x\r\n",
          "250x\r\n",
          "2 50 x\r\n",
          "HTTP/1.1 400\r\n"}) {
        EXPECT_TRUE(is_refused(line)) << line;
    }
}

TEST(ReplyParser, RefusesAReplyWithTwoCodes) {
    EXPECT_TRUE(is_refused("250-one\r\n550 two\r\n"));
}

TEST(ReplyParser, BoundsALineAndAReply) {
    EXPECT_TRUE(is_refused("250 " + std::string(ReplyParser::max_line_bytes, 'x')));
    std::string many;
    for (std::size_t size = 0; size <= ReplyParser::max_reply_bytes; size += 1000) {
        many += "250-" + std::string(1000, 'x') + "\r\n";
    }
    EXPECT_TRUE(is_refused(many));
    EXPECT_FALSE(is_refused("250 " + std::string(1000, 'x') + "\r\n"))
        << "beyond the RFC's 512, seen in the wild";
}

TEST(ReplyParser, IsEmptyOnlyWhenEverythingWasGivenOut) {
    ReplyParser parser;
    EXPECT_TRUE(parser.empty());
    parser.feed("220-go\r\n220 ahead\r\n250 injected\r\n");
    EXPECT_FALSE(parser.empty());
    EXPECT_EQ((**parser.next()).code, 220);
    EXPECT_FALSE(parser.empty());
    EXPECT_EQ((**parser.next()).code, 250);
    EXPECT_TRUE(parser.empty());
    parser.feed("250-half\r\n");
    EXPECT_FALSE(parser.next()->has_value());
    EXPECT_FALSE(parser.empty());
}

RC_GTEST_PROP(ReplyParser, SurvivesAnyBytesAndStaysBounded, (const std::string& bytes)) {
    ReplyParser parser;
    for (const char byte : bytes) {
        parser.feed(std::string_view(&byte, 1));
        const Result<std::optional<Reply>> reply = parser.next();
        if (!reply) {
            return;
        }
        if (*reply) {
            RC_ASSERT((*reply)->code >= 200 && (*reply)->code <= 599);
        }
    }
}

TEST(Reply, HasTheVerdictOfItsFirstDigitAnd421Apart) {
    EXPECT_EQ((Reply{250, ""}.verdict()), Verdict::accepted);
    EXPECT_EQ((Reply{354, ""}.verdict()), Verdict::go_on);
    EXPECT_EQ((Reply{451, ""}.verdict()), Verdict::try_later);
    EXPECT_EQ((Reply{550, ""}.verdict()), Verdict::never);
    EXPECT_EQ((Reply{421, ""}.verdict()), Verdict::unavailable);
}

TEST(Reply, TakesAnEnhancedCodeOnlyWhenItsClassMatches) {
    EXPECT_EQ((Reply{550, "5.7.1 no"}.enhanced_code()), (EnhancedCode{5, 7, 1}));
    EXPECT_EQ((Reply{450, "4.2.251\nmore"}.enhanced_code()), (EnhancedCode{4, 2, 251}));
    EXPECT_EQ((Reply{250, "2.0.0"}.enhanced_code()), (EnhancedCode{2, 0, 0}));
    for (const char* text :
         {"4.7.1 no", "5.7 no", "5.7.1234 no", "5.7.1x", "no 5.7.1", "", "5..1", "5.7.1.2"}) {
        EXPECT_FALSE((Reply{550, text}.enhanced_code())) << text;
    }
    EXPECT_EQ(to_text(EnhancedCode{5, 7, 1}), "5.7.1");
}

TEST(Reply, OneLineHoldsOnlyPrintableCharacters) {
    EXPECT_EQ((Reply{550, "a\nb\x1b[31m\xc3\xbc"}.one_line()), "550 a b?[31m??");
    EXPECT_EQ((Reply{0, "no answer"}.one_line()), "no answer");
    EXPECT_EQ((Reply{550, std::string(10000, 'x')}.one_line().size()), 500U);
}

}  // namespace
}  // namespace chatear::smtp
