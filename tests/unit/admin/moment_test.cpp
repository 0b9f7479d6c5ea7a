#include "admin/moment.hpp"

#include "base/utc.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

const Time now = *parse_time("2026-11-23T12:00:00Z");

TEST(Moment, IsATimeSpanBeforeNow) {
    EXPECT_EQ(*parse_moment("2h", now), *parse_time("2026-11-23T10:00:00Z"));
    EXPECT_EQ(*parse_moment("30d", now), *parse_time("2026-10-24T12:00:00Z"));
}

TEST(Moment, IsATime) {
    EXPECT_EQ(*parse_moment("2026-11-01T08:30:00+01:00", now), *parse_time("2026-11-01T07:30:00Z"));
}

TEST(Moment, IsTheBeginningOfADay) {
    EXPECT_EQ(*parse_moment("2026-11-01", now), *parse_time("2026-11-01T00:00:00Z"));
}

TEST(Moment, RefusesWhatIsNone) {
    for (const char* text : {"", "2", "yesterday", "2026-13-01", "-2h"}) {
        const auto moment = parse_moment(text, now);
        ASSERT_FALSE(moment) << text;
        EXPECT_NE(moment.error().message.find("2h, 30d"), std::string::npos);
    }
}

}  // namespace
}  // namespace chatear::admin
