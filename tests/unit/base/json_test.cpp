#include "base/json.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace chatear {
namespace {

using testing::HasSubstr;

std::string error_of(std::string_view text) {
    const auto parsed = parse_json(text);
    return parsed ? "" : parsed.error().message;
}

TEST(Json, ReadsADocument) {
    const auto parsed = parse_json(" {\"a\": [1, -2, 3.5, true, null, \"\\u00e4\"], \"b\": {}} \n");
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(to_json_text(*parsed), "{\"a\":[1,-2,3.5,true,null,\"\xc3\xa4\"],\"b\":{}}");
}

TEST(Json, RefusesAKeyThatStandsTwice) {
    EXPECT_THAT(error_of(R"({"a": 1, "a": 2})"), HasSubstr("\"a\" stands twice"));
    EXPECT_THAT(error_of(R"({"x": [{"k": {"b": 1, "c": 2, "b": 3}}]})"), HasSubstr("\"b\""));
    EXPECT_EQ(error_of(R"({"a": {"a": {"a": 1}}, "b": {"a": 2}})"), "");
    EXPECT_EQ(error_of(R"([{"a": 1}, {"a": 1}])"), "");
}

TEST(Json, RefusesAKeyThatStandsTwiceAmongHowManyEver) {
    const auto object = [](std::size_t keys, std::size_t repeated) {
        std::string text = "{";
        for (std::size_t i = 0; i < keys; ++i) {
            text += "\"k" + std::to_string(i) + "\": {\"k0\": 1, \"k1\": [{\"k0\": 2}]},";
        }
        return text + "\"k" + std::to_string(repeated) + "\": 3}";
    };
    for (std::size_t keys = 1; keys < 40; ++keys) {
        SCOPED_TRACE(keys);
        EXPECT_EQ(error_of(object(keys, keys)), "");
        for (std::size_t repeated = 0; repeated < keys; ++repeated) {
            EXPECT_NE(error_of(object(keys, repeated)), "") << repeated;
        }
    }
}

TEST(Json, PutsTheDocumentWhereItIsTold) {
    boost::json::monotonic_resource storage;
    const auto parsed =
        parse_json(R"({"a": [1, "a text that needs memory of its own"]})", &storage);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(parsed->storage().get(), &storage);
    EXPECT_EQ(parsed->at("a").at(1).storage().get(), &storage);
    EXPECT_EQ(parsed->at("a").at(1).as_string(), "a text that needs memory of its own");
}

TEST(Json, KeysThatAreOnlyWrittenDifferentlyAreEqual) {
    EXPECT_NE(error_of(R"({"a": 1, "\u0061": 2})"), "");
    EXPECT_NE(error_of("{\"\xc3\xa4\": 1, \"\\u00E4\": 2}"), "");
    EXPECT_NE(error_of("{\"\xf0\x9f\x98\x80\": 1, \"\\ud83d\\ude00\": 2}"), "");
    EXPECT_EQ(error_of(R"({"a": 1, "\\u0061": 2, "": 3})"), "");
    EXPECT_NE(error_of(R"({"": 1, "": 2})"), "");
}

TEST(Json, RefusesNestingOver32) {
    const auto nested = [](std::size_t depth, char open, char close) {
        std::string text;
        for (std::size_t i = 0; i < depth; ++i) {
            text += open == '{' && i > 0 ? "\"k\":" : "";
            text += open;
        }
        return text + std::string(depth, close);
    };
    EXPECT_EQ(error_of(nested(32, '[', ']')), "");
    EXPECT_NE(error_of(nested(33, '[', ']')), "");
    EXPECT_EQ(error_of(nested(32, '{', '}')), "");
    EXPECT_NE(error_of(nested(33, '{', '}')), "");
    EXPECT_NE(error_of(std::string(1'000'000, '[')), "");
}

TEST(Json, RefusesNulInStringsAndKeys) {
    EXPECT_THAT(error_of(R"({"a": "x\u0000y"})"), HasSubstr("U+0000"));
    EXPECT_THAT(error_of(R"({"a\u0000": 1})"), HasSubstr("U+0000"));
    EXPECT_NE(error_of(std::string_view("\"a\0b\"", 5)), "");
    EXPECT_NE(error_of(std::string_view("{}\0", 3)), "");
}

TEST(Json, RefusesNumbersThatAreNotFinite) {
    for (const std::string_view text :
         {"1e400", "-1e400", "[1e999999999]", "{\"a\":-1e309}", "NaN", "Infinity", "-Infinity"}) {
        EXPECT_NE(error_of(text), "") << text;
    }
    EXPECT_EQ(error_of("1e308"), "");
    EXPECT_EQ(error_of("1e-400"), "");
}

TEST(Json, RefusesWhatIsNoDocument) {
    for (const std::string_view text :
         {"",
          " ",
          "{",
          "{\"a\"",
          "[1,]",
          "{\"a\":1,}",
          "01",
          "+1",
          ".5",
          "1.",
          "'a'",
          "tru",
          "{} {}",
          "{}x",
          "// c\n1",
          "\"\n\"",
          "\"\x80\"",
          "\"\xc0\xaf\"",
          "\"\xed\xa0\x80\"",
          "\"\\ud800\"",
          "\"\\udc00\"",
          "\"\\x\"",
          "\xef\xbb\xbf{}"}) {
        EXPECT_NE(error_of(text), "") << text;
    }
}

TEST(Json, CutAnywhereItIsAnError) {
    const std::string_view text = R"({"a":["x\u00e4y",12.5e3,true,null],"b":{"c":-7}})";
    ASSERT_EQ(error_of(text), "");
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_NE(error_of(text.substr(0, length)), "") << length;
    }
}

TEST(Json, WritesNumbersAsAPersonDoes) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"0.1", "0.1"},
        {"3", "3"},
        {"3.0", "3"},
        {"-12", "-12"},
        {"-0.0", "0"},
        {"1E-1", "0.1"},
        {"100E0", "100"},
        {"18446744073709551615", "18446744073709551615"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"2.5", "2.5"}};
    for (const auto& [text, written] : cases) {
        const auto parsed = parse_json(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(number_to_text(*parsed), written) << text;
    }
}

TEST(Json, ReadsTheNearestDouble) {
    for (const std::string_view text :
         {"10470620138818.543",
          "0.3",
          "1.7976931348623157e+308",
          "5e-324",
          "[9007199254740993.0]"}) {
        const auto parsed = parse_json(text);
        ASSERT_TRUE(parsed) << text;
    }
    EXPECT_EQ(parse_json("10470620138818.543").value().as_double(), 10470620138818.543);
    EXPECT_EQ(
        parse_json(R"({"b":[2.5,{"c":10470620138818.543}],"a":0.1})")
            .value()
            .at("b")
            .at(1)
            .at("c")
            .as_double(),
        10470620138818.543
    );
}

/// Something like a document: pieces of some in any order, half of them in an order that is right.
std::string arbitrary_text(int depth) {
    static const std::vector<std::string> pieces = {
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        " ",
        "\n",
        "\\",
        "\\n",
        "\\u0041",
        "\\u00",
        "\\ud83d\\ude00",
        "\\/",
        "\\ud800",
        "\\udc00",
        "\\u0000",
        "a",
        "b",
        "abcdefgh",
        "\xc3\xa4",
        "\xe2\x82\xac",
        "\xf0\x9f\x98\x80",
        "\x80",
        "\xff",
        "\x01",
        "\x7f",
        "0",
        "1",
        "-",
        "+",
        ".",
        "e",
        "E",
        "5e-324",
        "1e400",
        "9223372036854775808",
        "18446744073709551616",
        "-9223372036854775809",
        "true",
        "false",
        "null",
        "nul"};
    const auto piece = [] { return *rc::gen::elementOf(pieces); };
    const auto some_pieces = [&] {
        std::string text;
        for (int left = *rc::gen::inRange(0, 6); left > 0; --left) {
            text += piece();
        }
        return text;
    };
    std::string text;
    switch (*rc::gen::inRange(0, depth > 3 ? 3 : 5)) {
        case 0:
            return some_pieces();
        case 1:
            return "\"" + some_pieces() + "\"";
        case 2:
            return piece();
        case 3:
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
                text += (text.empty() ? "" : ",") + arbitrary_text(depth + 1);
            }
            return "[" + text + "]";
        default:
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
                text += (text.empty() ? "\"" : ",\"") + some_pieces() +
                        "\":" + arbitrary_text(depth + 1);
            }
            return "{" + text + "}";
    }
}

/// Equal but for doubles, which Boost.JSON reads a little beside the nearest one.
bool alike(const boost::json::value& one, const boost::json::value& other) {
    if (one.is_double() && other.is_double()) {
        const double expected = other.get_double();
        const double difference = std::abs(one.get_double() - expected);
        return difference <= 1e-12 * std::abs(expected) || difference < 1e-300;
    }
    if (const auto* object = one.if_object()) {
        return other.is_object() && object->size() == other.get_object().size() &&
               std::all_of(object->begin(), object->end(), [&](const auto& member) {
                   const auto* value = other.get_object().if_contains(member.key());
                   return value != nullptr && alike(member.value(), *value);
               });
    }
    if (const auto* array = one.if_array()) {
        return other.is_array() && std::equal(
                                       array->begin(),
                                       array->end(),
                                       other.get_array().begin(),
                                       other.get_array().end(),
                                       alike
                                   );
    }
    return one.kind() == other.kind() && one == other;
}

/// Boost.JSON reads what is JSON and nothing else, too; what we refuse beside has its own words.
RC_GTEST_PROP(Json, IsTakenWhereBoostTakesItOrRefusedForAReasonOfOurs, ()) {
    const std::string text = arbitrary_text(0);
    boost::system::error_code error;
    const boost::json::value expected = boost::json::parse(text, error);
    const auto parsed = parse_json(text);
    RC_TAG(parsed ? "taken" : error ? "no JSON" : "refused by us");
    if (parsed && error) {
        RC_ASSERT(
            error == boost::json::error::exponent_overflow
        );  // 0e9999999999 is 0 all the same.
    } else if (parsed) {
        RC_ASSERT(alike(*parsed, expected));
    } else if (!error) {
        const std::string& why = parsed.error().message;
        RC_ASSERT(
            why.find("stands twice") != why.npos || why.find("U+0000") != why.npos ||
            why.find("out of range") != why.npos
        );
    }
}

TEST(Json, ReadsEachEscapeAndEveryLengthOfPlainText) {
    EXPECT_EQ(
        parse_json(R"("\"\\\/\b\f\n\r\t\u00e4\u20AC\ud83d\uDE00")").value().as_string(),
        "\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"
    );
    for (std::size_t before = 0; before < 20; ++before) {
        for (std::size_t behind = 0; behind < 20; ++behind) {
            const std::string start(before, 'x');
            const std::string end(behind, '~');
            for (const auto& [written, read] : std::vector<std::pair<std::string, std::string>>{
                     {"", ""},
                     {"\\n", "\n"},
                     {"\\\"", "\""},
                     {"\xc3\xa4", "\xc3\xa4"},
                     {"\x7f", "\x7f"}}) {
                const auto parsed = parse_json("\"" + start + written + end + "\"");
                ASSERT_TRUE(parsed) << parsed.error().message;
                EXPECT_EQ(parsed->as_string(), start + read + end);
            }
            for (const std::string_view broken : {"\x1f", "\n", "\x80", "\\x", "\"", "\xc3"}) {
                EXPECT_NE(error_of(fmt::format("\"{}{}{}\"", start, broken, end)), "");
            }
        }
    }
}

boost::json::value arbitrary_value(int depth) {
    using boost::json::value;
    switch (*rc::gen::inRange(0, depth > 3 ? 5 : 7)) {
        case 0:
            return nullptr;
        case 1:
            return *rc::gen::arbitrary<bool>();
        case 2:
            return *rc::gen::arbitrary<std::int64_t>();
        case 3:
            return *rc::gen::arbitrary<double>();
        case 4:
            return value(*rc::gen::string<std::string>());
        case 5: {
            boost::json::array array;
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
                array.push_back(arbitrary_value(depth + 1));
            }
            return array;
        }
        default: {
            boost::json::object object;
            for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
                object[*rc::gen::string<std::string>()] = arbitrary_value(depth + 1);
            }
            return object;
        }
    }
}

RC_GTEST_PROP(Json, WhatItWritesItReadsAsTheSameText, ()) {
    const std::string text = to_json_text(arbitrary_value(0));
    const auto parsed = parse_json(text);
    if (parsed) {  // Drawn strings may hold what no document may: NUL, or no UTF-8.
        RC_ASSERT(to_json_text(*parsed) == text);
    }
}

}  // namespace
}  // namespace chatear
