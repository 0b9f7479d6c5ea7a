#include "runtime/pacer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <deque>

namespace chatear::runtime {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using TimePoint = Pacer::TimePoint;

const TimePoint start = TimePoint() + std::chrono::hours(1000);

TEST(Pacer, LetsOneThroughAtOnceAndTheNextAfterItsShareOfThePeriod) {
    Pacer pacer({.count = 60, .per = milliseconds(60000)});
    EXPECT_LE(pacer.next(), start);
    EXPECT_EQ(pacer.allowed(start), 1U);
    pacer.begun(1, start);
    EXPECT_EQ(pacer.allowed(start), 0U);
    EXPECT_EQ(pacer.next(), start + milliseconds(1000));
    EXPECT_EQ(pacer.allowed(start + milliseconds(999)), 0U);
    EXPECT_EQ(pacer.allowed(start + milliseconds(1000)), 1U);
}

TEST(Pacer, DoesNotSaveUpWhatWasNotUsed) {
    Pacer pacer({.count = 60, .per = milliseconds(60000)});
    pacer.begun(1, start);
    EXPECT_EQ(pacer.allowed(start + std::chrono::hours(1)), 1U);
}

TEST(Pacer, HasRestedWhenItCannotAllowMore) {
    Pacer pacer({.count = 10000, .per = milliseconds(1000)});
    EXPECT_TRUE(pacer.rested(start));
    pacer.begun(50, start);
    EXPECT_FALSE(pacer.rested(start));
    EXPECT_EQ(pacer.allowed(start), 50U);
    TimePoint now = start;
    while (!pacer.rested(now)) {
        now += nanoseconds(1000);
    }
    EXPECT_EQ(pacer.allowed(now), 100U);
}

TEST(Pacer, LetsFastRatesThroughInSmallBursts) {
    const Pacer pacer({.count = 10000, .per = milliseconds(1000)});
    EXPECT_EQ(pacer.allowed(start), 100U);
}

TEST(Pacer, MakesUpForMoreThanItAllowed) {
    Pacer pacer({.count = 60, .per = milliseconds(60000)});
    pacer.begun(10, start);
    EXPECT_EQ(pacer.next(), start + milliseconds(10000));
}

RC_GTEST_PROP(Pacer, Rule21NeverLetsMoreThanItsCountThroughInAnyPeriod, ()) {
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 2000);
    const milliseconds per(*rc::gen::inRange(1, 5000));
    Pacer pacer({.count = count, .per = per});
    TimePoint now = start;
    std::deque<std::pair<TimePoint, std::size_t>> window;
    std::size_t in_window = 0;
    for (int step = 0; step < 300; ++step) {
        const std::size_t allowed = pacer.allowed(now);
        if (allowed > 0) {
            const std::size_t begun = *rc::gen::inRange<std::size_t>(1, allowed + 1);
            pacer.begun(begun, now);
            window.emplace_back(now, begun);
            in_window += begun;
        }
        while (!window.empty() && window.front().first + per <= now) {
            in_window -= window.front().second;
            window.pop_front();
        }
        RC_ASSERT(in_window <= count);
        const bool jump = *rc::gen::inRange(0, 4) == 0;
        const TimePoint next = std::max(pacer.next(), now);
        now = jump ? now + nanoseconds(*rc::gen::inRange<std::int64_t>(0, 2000000000)) : next;
    }
}

RC_GTEST_PROP(Pacer, KeepsNearlyItsFullRate, ()) {
    const auto count = *rc::gen::inRange<std::uint32_t>(1, 5000);
    Pacer pacer({.count = count, .per = milliseconds(1000)});
    std::size_t through = 0;
    TimePoint now = start;
    while (now < start + std::chrono::seconds(10)) {
        const std::size_t allowed = pacer.allowed(now);
        pacer.begun(allowed, now);
        through += allowed;
        now = std::max(pacer.next(), now + nanoseconds(1));
    }
    RC_ASSERT(through * 100 >= std::size_t{count} * 10 * 98);
}

}  // namespace
}  // namespace chatear::runtime
