#include "runtime/brake.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using Moment = Brake::Moment;

TEST(Rule18, ADependencyThatIsDownPausesAndOneGoesFirst) {
    Brake brake(250ms, 1000ms);
    Moment now{};
    EXPECT_TRUE(brake.try_enter(now));
    EXPECT_TRUE(brake.try_enter(now));
    EXPECT_TRUE(brake.on_unavailable("smtp", now));
    EXPECT_EQ(brake.dependency(), "smtp");
    EXPECT_FALSE(brake.try_enter(now));
    now = brake.next_probe_at();
    EXPECT_TRUE(brake.try_enter(now));
    EXPECT_EQ(brake.state(), Brake::State::probing);
    EXPECT_FALSE(brake.try_enter(now + 1h));
    brake.on_success();
    EXPECT_TRUE(brake.try_enter(now));
    EXPECT_EQ(brake.dependency(), "");
}

TEST(Rule18, TheDelayGrowsOnceAProbe) {
    Brake brake(250ms, 1000ms);
    Moment now{};
    EXPECT_TRUE(brake.on_unavailable("smtp", now));
    EXPECT_FALSE(brake.on_unavailable("smtp", now)) << "the same news, late";
    for (const auto delay : {250ms, 500ms, 1000ms, 1000ms}) {
        EXPECT_EQ(brake.next_probe_at() - now, delay);
        now = brake.next_probe_at();
        EXPECT_TRUE(brake.try_enter(now));
        EXPECT_FALSE(brake.on_unavailable("smtp", now));
    }
}

TEST(Rule18, AProbeThatTellsNothingLeavesItsPlaceToTheNext) {
    Brake brake(250ms, 1000ms);
    brake.on_unavailable("smtp", Moment{});
    const Moment now = brake.next_probe_at();
    ASSERT_TRUE(brake.try_enter(now));
    brake.on_abandoned(now);
    EXPECT_TRUE(brake.try_enter(now));
}

RC_GTEST_PROP(Rule18, NeverLetsTwoProbesIn, ()) {
    Brake brake(10ms, 100ms);
    Moment now{};
    bool probe_inside = false;
    for (int step = *rc::gen::inRange(0, 200); step > 0; --step) {
        const bool open = brake.state() == Brake::State::open;
        switch (*rc::gen::inRange(0, 4)) {
            case 0:
                now += std::chrono::milliseconds(*rc::gen::inRange(0, 60));
                break;
            case 1: {
                const bool entered = brake.try_enter(now);
                RC_ASSERT(!entered || open || !probe_inside);
                RC_ASSERT(!open || entered);
                probe_inside = probe_inside || (entered && !open);
                break;
            }
            case 2:  // Whom the brake listens to: anybody while it is open, then only the probe.
                if (open || probe_inside) {
                    brake.on_unavailable("x", now);
                    probe_inside = false;
                    RC_ASSERT(brake.state() == Brake::State::closed);
                    RC_ASSERT(brake.next_probe_at() > now);
                    RC_ASSERT(brake.next_probe_at() <= now + 100ms);
                }
                break;
            default:
                if (probe_inside) {
                    brake.on_success();
                    probe_inside = false;
                    RC_ASSERT(brake.state() == Brake::State::open);
                }
        }
        RC_ASSERT((brake.state() == Brake::State::probing) == probe_inside);
    }
}

TEST(Rule18, TheThirdMeetingWithOthersSucceedingInBetweenIsCharged) {
    UnavailableMeetings meetings;
    EXPECT_FALSE(meetings.add(10));
    EXPECT_FALSE(meetings.add(10)) << "nobody succeeded in between";
    EXPECT_FALSE(meetings.add(11));
    EXPECT_FALSE(meetings.add(11));
    EXPECT_TRUE(meetings.add(15));
}

TEST(Rule18, AnOutageAloneChargesNobody) {
    UnavailableMeetings meetings;
    for (int i = 0; i < 1000; ++i) {
        EXPECT_FALSE(meetings.add(3));
    }
}

}  // namespace
}  // namespace chatear::runtime
