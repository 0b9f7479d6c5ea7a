#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace chatear {
namespace {

using namespace std::chrono_literals;

TEST(ManualClock, StandsStillUntilItIsTold) {
    ManualClock clock(Time(5s));
    const BootTime before = clock.boot_time();
    EXPECT_EQ(clock.now(), Time(5s));
    clock.advance(2s);
    EXPECT_EQ(clock.now(), Time(7s));
    EXPECT_EQ(clock.boot_time() - before, 2s);
}

TEST(ManualClock, SteppingCivilTimeLeavesTheTimeSinceBootAlone) {
    ManualClock clock(Time(5s));
    const BootTime before = clock.boot_time();
    clock.step_civil_time(-3s);
    EXPECT_EQ(clock.now(), Time(2s));
    EXPECT_EQ(clock.boot_time(), before);
}

TEST(SystemClock, OnlyGoesForwardSinceBoot) {
    const SystemClock clock;
    const BootTime one = clock.boot_time();
    const BootTime other = clock.boot_time();
    EXPECT_LE(one, other);
    EXPECT_GT(one.time_since_epoch(), 0ns);
    EXPECT_GT(clock.now(), Time(std::chrono::sys_days(std::chrono::year(2024) / 1 / 1)));
}

}  // namespace
}  // namespace chatear
