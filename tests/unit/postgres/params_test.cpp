#include "postgres/params.hpp"

#include "base/utc.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::postgres {
namespace {

using Elements = std::vector<std::optional<std::string>>;

// Reads what array_literal writes, by the rules of the manual's 8.15.6, to check one against the
// other without a server.
Elements parse_array(const std::string& literal) {
    Elements elements;
    std::size_t at = 1;
    while (literal.at(at) != '}') {
        if (literal.at(at) == ',') {
            ++at;
        }
        if (literal.compare(at, 4, "NULL") == 0) {
            elements.emplace_back(std::nullopt);
            at += 4;
            continue;
        }
        RC_ASSERT(literal.at(at) == '"');
        std::string element;
        for (++at; literal.at(at) != '"'; ++at) {
            at += literal.at(at) == '\\' ? 1U : 0U;
            element += literal.at(at);
        }
        ++at;
        elements.emplace_back(element);
    }
    RC_ASSERT(at + 1 == literal.size());
    return elements;
}

TEST(ArrayLiteral, QuotesEveryElementAndEscapesQuotesAndBackslashes) {
    EXPECT_EQ(
        array_literal({"a", "say \"hi\"", "back\\slash", "", "NULL", std::nullopt, "{,}"}),
        R"({"a","say \"hi\"","back\\slash","","NULL",NULL,"{,}"})"
    );
}

TEST(ArrayLiteral, IsEmptyBracesForNoElement) {
    EXPECT_EQ(array_literal({}), "{}");
}

RC_GTEST_PROP(ArrayLiteral, ReadsBackAsWhatWentIn, ()) {
    const auto texts =
        *rc::gen::container<std::vector<std::string>>(rc::gen::container<std::string>(
            rc::gen::element('a', '"', '\\', ',', '{', '}', ' ', '\n', 'N', '\xc3')
        ));
    Elements elements(texts.begin(), texts.end());
    if (!elements.empty() && *rc::gen::arbitrary<bool>()) {
        elements.front() = std::nullopt;
    }
    RC_ASSERT(parse_array(array_literal(elements)) == elements);
}

TEST(Params, WriteEachTypeInPostgresTextForm) {
    Params params;
    params.text("x").null().integer(-7).boolean(true).bytes(std::string_view("\x00\xff", 2));
    params.optional_text(std::nullopt).optional_time(std::nullopt);
    const Elements expected = {"x", std::nullopt, "-7", "t", "\\x00ff", std::nullopt, std::nullopt};
    EXPECT_EQ(params.values(), expected);
}

TEST(Params, WriteTimesInUtcToTheMicrosecond) {
    const Result<Time> time = parse_time("2026-11-23T18:04:05.123456Z");
    ASSERT_TRUE(time.has_value());
    Params params;
    params.time(*time).times({*time}).optional_times({*time, std::nullopt});
    EXPECT_EQ(params.values()[0], "2026-11-23T18:04:05.123456Z");
    EXPECT_EQ(params.values()[1], "{\"2026-11-23T18:04:05.123456Z\"}");
    EXPECT_EQ(params.values()[2], "{\"2026-11-23T18:04:05.123456Z\",NULL}");
}

TEST(Params, WriteArraysOfEachType) {
    Params params;
    params.integers({1, -2}).optional_integers({std::nullopt, 3}).booleans({true, false});
    params.byte_strings({"\x01"})
        .optional_byte_strings({std::nullopt, "\x02"})
        .texts({"a"})
        .optional_texts({std::nullopt});
    const Elements expected = {
        R"({"1","-2"})",
        R"({NULL,"3"})",
        R"({"t","f"})",
        R"({"\\x01"})",
        R"({NULL,"\\x02"})",
        R"({"a"})",
        "{NULL}",
    };
    EXPECT_EQ(params.values(), expected);
}

TEST(Params, NameTheFirstParameterWithANulByte) {
    Params params;
    params.text("good");
    EXPECT_FALSE(params.with_nul().has_value());
    params.texts({"good", std::string("b\0d", 3)});
    EXPECT_EQ(params.with_nul(), 2U);
}

TEST(Params, HoldNulBytesInByteStrings) {
    Params params;
    params.bytes(std::string_view("\0", 1));
    EXPECT_FALSE(params.with_nul().has_value());
}

}  // namespace
}  // namespace chatear::postgres
