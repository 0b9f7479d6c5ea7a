#include "base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

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
