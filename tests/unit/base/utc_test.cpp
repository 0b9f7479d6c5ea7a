#include "base/utc.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear {
namespace {

using namespace std::chrono_literals;

Time at(int year, unsigned month, unsigned day) {
    return std::chrono::sys_days(
        std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day)
    );
}

TEST(Utc, WritesSixDecimalsAndZ) {
    EXPECT_EQ(
        format_time(at(2026, 11, 23) + 18h + 4min + 5s + 123456us), "2026-11-23T18:04:05.123456Z"
    );
    EXPECT_EQ(format_time(at(1970, 1, 1)), "1970-01-01T00:00:00.000000Z");
    EXPECT_EQ(format_time(at(1970, 1, 1) - 1us), "1969-12-31T23:59:59.999999Z");
    EXPECT_EQ(format_time(at(999, 2, 3)), "0999-02-03T00:00:00.000000Z");
    EXPECT_EQ(format_time(at(9999, 12, 31)), "9999-12-31T00:00:00.000000Z");
    EXPECT_EQ(format_time(at(12345, 1, 2)), "12345-01-02T00:00:00.000000Z");
}

RC_GTEST_PROP(Utc, WhatItWritesItReads, ()) {
    const auto first = at(0, 1, 1).time_since_epoch().count();
    const auto last = at(9999, 12, 31).time_since_epoch().count();
    const Time time(std::chrono::microseconds(*rc::gen::inRange(first, last)));
    const auto parsed = parse_time(format_time(time));
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == time);
    RC_ASSERT(format_time(time).substr(0, 10) == utc_day(time));
}

TEST(Utc, ReadsOffsetsAndFractions) {
    const Time noon = at(2024, 2, 29) + 12h;
    for (const std::string_view text :
         {"2024-02-29T12:00:00Z",
          "2024-02-29t12:00:00z",
          "2024-02-29 12:00:00+00",
          "2024-02-29T13:30:00+01:30",
          "2024-02-29T07:00:00-05:00",
          "2024-03-01T11:59:00+23:59",
          "2024-02-29T12:00:00.0Z",
          "2024-02-29T12:00:00.0000009Z",
          "2024-02-29 17:45:00+0545",
          "2024-02-29T12:00:00-00:00"}) {
        const auto parsed = parse_time(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(*parsed, noon) << text;
    }
    EXPECT_EQ(parse_time("2024-02-29 12:00:00.25+00").value(), noon + 250ms);
    EXPECT_EQ(parse_time("2024-02-29T12:00:00.123456789Z").value(), noon + 123456us);
}

TEST(Utc, ALeapSecondIsTheNextMinute) {
    EXPECT_EQ(parse_time("2016-12-31T23:59:60Z").value(), at(2017, 1, 1));
}

TEST(Utc, KnowsLeapYears) {
    EXPECT_TRUE(parse_time("2000-02-29T00:00:00Z"));
    EXPECT_TRUE(parse_time("2024-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_time("1900-02-29T00:00:00Z"));
    EXPECT_FALSE(parse_time("2023-02-29T00:00:00Z"));
}

TEST(Utc, RefusesWhatIsNoTime) {
    for (const std::string_view text :
         {"",
          "2026",
          "2026-11-23",
          "2026-11-23T18:04Z",
          "2026-11-23T18:04:05",
          "2026-13-01T00:00:00Z",
          "2026-00-01T00:00:00Z",
          "2026-04-31T00:00:00Z",
          "2026-04-00T00:00:00Z",
          "2026-11-23T24:00:00Z",
          "2026-11-23T18:60:05Z",
          "2026-11-23T18:04:61Z",
          "2026-11-23T18:04:05.Z",
          "2026-11-23T18:04:05+24:00",
          "2026-11-23T18:04:05+01:60",
          "2026-11-23T18:04:05+1",
          "2026-11-23T18:04:05+01:",
          "2026-11-23T18:04:05Zx",
          "-026-11-23T18:04:05Z",
          "2026-+1-23T18:04:05Z",
          "2026-11-23T18:04:-5Z",
          " 2026-11-23T18:04:05Z",
          "2026-11-23T18:04:05Z ",
          "20261123T180405Z",
          "10000-01-01T00:00:00Z",
          "infinity"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
}

TEST(Utc, CutAnywhereItIsNoTime) {
    const std::string_view text = "2026-11-23T18:04:05.123456Z";
    for (std::size_t length = 0; length < text.size(); ++length) {
        EXPECT_FALSE(parse_time(text.substr(0, length))) << length;
    }
}

TEST(Utc, ADayEndsAtMidnightUtc) {
    EXPECT_EQ(utc_day(at(2026, 11, 24) - 1us), "2026-11-23");
    EXPECT_EQ(utc_day(at(2026, 11, 24)), "2026-11-24");
}

}  // namespace
}  // namespace chatear
