#include "base/log.hpp"

#include "base/json.hpp"
#include "base/redaction.hpp"
#include "base/utf8.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace chatear {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view time_text = "2026-11-23T18:04:05.000000Z";

std::string json_line(log::Fields fields) {
    return log::format_line(
        log::Format::json, log::Level::warn, time_text, "w", "a sentence", fields
    );
}

std::string text_line(log::Fields fields) {
    return log::format_line(
        log::Format::text, log::Level::warn, time_text, "w", "a sentence", fields
    );
}

TEST(LogLine, IsOneJsonObject) {
    EXPECT_EQ(
        json_line(
            {{"text", "x"},
             {"count", 3},
             {"size", std::uint64_t{7}},
             {"on", true},
             {"share", 0.5},
             {"none", ""}}
        ),
        R"({"time":"2026-11-23T18:04:05.000000Z","level":"warn","worker":"w","message":"a sentence",)"
        R"("text":"x","count":3,"size":7,"on":true,"share":0.5,"none":""})"
    );
}

TEST(LogLine, IsReadableText) {
    EXPECT_EQ(
        text_line({{"text", "x"}, {"quoted", "two words"}, {"empty", ""}, {"count", -3}}),
        R"(2026-11-23T18:04:05.000000Z warn  w: a sentence text=x quoted="two words" empty="" count=-3)"
    );
}

/// Whatever bytes stand in a field, the line is UTF-8, one line, and JSON where it shall be.
void expect_clean(std::string_view value) {
    const std::string json = json_line({{"field", value}});
    const auto parsed = boost::json::parse(json);
    EXPECT_EQ(std::string_view(parsed.at("field").as_string()), valid_utf8(value));
    for (const std::string& line : {json, text_line({{"field", value}})}) {
        EXPECT_EQ(valid_utf8(line), line);
        for (const char c : line) {
            EXPECT_TRUE(static_cast<unsigned char>(c) >= ' ' && c != 0x7f) << line;
        }
        for (const char* separator : {"\u2028", "\u2029", "\xc2\x85", "\xc2\x9b"}) {
            EXPECT_THAT(line, Not(HasSubstr(separator)));
        }
    }
}

TEST(LogLine, IsCleanWhateverOneByteStandsInAField) {
    for (int byte = 0; byte < 256; ++byte) {
        expect_clean(std::string("a") + static_cast<char>(byte) + "z");
    }
}

TEST(LogLine, IsCleanWithBrokenUtf8LineSeparatorsAndTerminalCodes) {
    for (const std::string_view value :
         {"\xff\xfe",
          "\xc3",
          "\xe2\x82",
          "\xf0\x9f\x98",
          "\xed\xa0\x80",
          "a\r\nlevel=error",
          "\"},{\"x\":\"",
          "\x1b[31mred",
          "\xc2\x9b"
          "31m",
          "\u2028",
          "x\u2029y",
          "\xc2\x85",
          "\\",
          "\xf0\x9f\x98\x80",
          "\u00a0"}) {
        expect_clean(value);
    }
}

RC_GTEST_PROP(LogLine, IsCleanWhateverStandsInAField, (const std::vector<std::uint8_t>& bytes)) {
    expect_clean(std::string(bytes.begin(), bytes.end()));
    RC_ASSERT(!testing::Test::HasFailure());
}

TEST(LogLine, IsJsonAlsoWithNumbersThatAreNone) {
    for (const double value :
         {std::nan(""), std::numeric_limits<double>::infinity(), -HUGE_VAL, 1e300, -0.0}) {
        EXPECT_TRUE(parse_json(json_line({{"number", value}}))) << value;
    }
}

TEST(LogLine, WorkerAndMessageAreEscapedToo) {
    const std::string line =
        log::format_line(log::Format::json, log::Level::info, time_text, "a\"b", "c\nd", {});
    EXPECT_THAT(line, HasSubstr(R"("worker":"a\"b","message":"c\u000ad")"));
}

TEST(RedactedAddress, IsAHashAndTheDomain) {
    const std::string shown = log::redacted_address("ann@shop.test");
    EXPECT_THAT(shown, testing::MatchesRegex("[0-9a-f]{12}@shop.test"));
    EXPECT_EQ(shown, log::redacted_address("ann@shop.test"));
    EXPECT_NE(shown, log::redacted_address("bob@shop.test"));
    EXPECT_THAT(log::redacted_address("no address"), testing::MatchesRegex("[0-9a-f]{12}@"));
}

TEST(RedactedAddress, StandsForEachInTheWordsOfAServer) {
    const std::string ann = log::redacted_address("ann@shop.test");
    const auto shown = log::with_redacted_addresses;
    EXPECT_EQ(
        shown("550 5.1.1 <ann@shop.test>: unknown, see ann@shop.test."),
        "550 5.1.1 <" + ann + ">: unknown, see " + ann + "."
    );
    EXPECT_EQ(shown("'ann@shop.test'"), "'" + ann + "'");
    EXPECT_EQ(shown("<\"a b\"@shop.test>"), "<" + log::redacted_address("\"a b\"@shop.test") + ">");
    for (const std::string none : {"", "@", "@@", "a @ b", "at @shop.test", "\"@", "x \"@y"}) {
        EXPECT_EQ(shown(none).find("x@"), std::string::npos) << none;
    }
    EXPECT_EQ(shown("nothing at all"), "nothing at all");
    EXPECT_EQ(shown("a @ b"), "a @ b");
}

TEST(RedactedAddress, StandsInReasonsAndErrorsOfALine) {
    for (const auto format : {log::Format::json, log::Format::text}) {
        for (const char* name : {"reason", "error"}) {
            const std::string line = log::format_line(
                format, log::Level::warn, "", "w", "m", {{name, "550 <ann@shop.test> unknown"}}
            );
            EXPECT_THAT(line, testing::Not(testing::HasSubstr("ann@")));
            EXPECT_THAT(line, testing::HasSubstr("@shop.test"));
        }
    }
}

TEST(RedactedAddress, IsWholeWhereAllowed) {
    log::allow_pii(true);
    EXPECT_EQ(log::redacted_address("ann@shop.test"), "ann@shop.test");
    log::allow_pii(false);
}

TEST(Log, WritesOnlyWhatIsImportantEnough) {
    log::configure(log::Level::warn, log::Format::text, "w");
    EXPECT_FALSE(log::enabled(log::Level::info));
    EXPECT_TRUE(log::enabled(log::Level::error));
    testing::internal::CaptureStderr();
    log::info("not this");
    log::error("but this", {{"percent", "%s {}"}});
    const std::string written = testing::internal::GetCapturedStderr();
    log::configure(log::Level::info, log::Format::text, "chatear");
    EXPECT_THAT(written, Not(HasSubstr("not this")));
    EXPECT_THAT(written, HasSubstr("error w: but this percent=\"%s {}\"\n"));
}

}  // namespace
}  // namespace chatear
