// How clocks are compared, so that none that is wrong deletes anybody.
#include "deletion/clock_watch.hpp"
#include "deletion/nats_clock.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace std::chrono_literals;

const Time start = Time(std::chrono::sys_days(std::chrono::year(2026) / 11 / 25));

/// Both clocks at `passed`, the database's `ahead` of what it was.
std::optional<std::chrono::seconds> compare(
    ClockWatch& watch, std::chrono::seconds passed, std::chrono::seconds ahead
) {
    return watch.compare(start + passed + ahead, BootTime(1h) + passed);
}

TEST(ClockWatch, Rule10StopsAtAJumpOfMoreThan60Seconds) {
    ClockWatch watch;
    EXPECT_EQ(compare(watch, 0s, 0s), std::nullopt);
    EXPECT_EQ(compare(watch, 15s, 60s), std::nullopt);
    EXPECT_EQ(compare(watch, 30s, 24h), std::chrono::seconds(24h));
}

TEST(ClockWatch, Rule10SaysAJumpUntilItStandsAndMeasuresTheNextFromThere) {
    ClockWatch watch;
    compare(watch, 0s, 0s);
    EXPECT_NE(compare(watch, 15s, 2h), std::nullopt);
    EXPECT_NE(compare(watch, 30s, 2h), std::nullopt) << "nobody was stopped yet";
    watch.settle();
    EXPECT_EQ(compare(watch, 45s, 2h), std::nullopt);
    EXPECT_NE(compare(watch, 60s, 4h), std::nullopt);
}

TEST(ClockWatch, Rule10FindsStepsThatAreSmallOneByOne) {
    ClockWatch watch;
    std::optional<std::chrono::seconds> found;
    int steps = 0;
    for (; steps < 10 && !found; ++steps) {
        found = compare(watch, 15s * steps, 40s * steps);
    }
    EXPECT_EQ(steps, 3);
}

TEST(ClockWatch, Rule10FindsAClockThatWasSetBackAndThenAheadAgain) {
    ClockWatch watch;
    compare(watch, 0s, 0s);
    EXPECT_EQ(compare(watch, 15s, -1h), std::nullopt);
    EXPECT_NE(compare(watch, 30s, 0s), std::nullopt);
}

TEST(ClockWatch, LetsSoundClocksDriftApart) {
    ClockWatch watch;
    std::optional<std::chrono::seconds> found;
    for (int day = 0; day <= 365 && !found; ++day) {
        found = compare(watch, 24h * day, 9s * day);  // 100 ppm.
    }
    EXPECT_EQ(found, std::nullopt);
}

TEST(ClockWatch, Rule10NeitherALongLifeNorAnAnswerThatCameLateHidesAJump) {
    ClockWatch watch;
    compare(watch, 0s, -2s);
    const std::chrono::hours month(30 * 24);
    for (std::chrono::seconds passed = 15s; passed < month; passed += 15s) {
        ASSERT_EQ(compare(watch, passed, 0s), std::nullopt);
    }
    EXPECT_EQ(compare(watch, month, 120s), 120s);
}

TEST(ClockWatch, AMachineThatSleptDoesNotCount) {
    ClockWatch watch;
    compare(watch, 0s, 0s);
    EXPECT_EQ(compare(watch, 8h, 1s), std::nullopt);
}

TEST(NatsClockOffset, Rule2IsAsWideAsTheMeasurementWasUnsure) {
    const ClockOffset offset = offset_between(start, start + 1h + 5ms, start + 20ms);
    EXPECT_EQ(offset.least, 1h - 15ms - 1us);
    EXPECT_EQ(offset.most, 1h + 5ms + 1us);
}

}  // namespace
}  // namespace chatear::deletion
