#include "notification/gcra.hpp"

#include "base/utc.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace chatear::notification {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Time start = *parse_time("2026-11-23T10:00:00Z");
const Time any_time{};

std::string name_of(int event) {
    return "event " + std::to_string(event);
}

// The slots of `count` events that all ask at `now`, in seconds behind `start`.
std::vector<double> ask(Gcra& gcra, int first_event, int count, Time now) {
    std::vector<double> slots;
    for (int event = first_event; event < first_event + count; ++event) {
        const Time slot = gcra.slot_for(name_of(event), now, any_time);
        slots.push_back(std::chrono::duration<double>(slot - start).count());
    }
    return slots;
}

TEST(Gcra, Rule21LetsABurstOfItsCountThroughAndSpreadsTheRest) {
    Gcra gcra({.count = 3, .per = seconds(60)});
    const std::vector<double> slots = ask(gcra, 0, 8, start);
    EXPECT_EQ(slots, (std::vector<double>{0, 0, 0, 60, 80, 100, 120, 140}));
}

TEST(Gcra, Rule21GivesAnEventItsOwnSlotAgain) {
    Gcra gcra({.count = 1, .per = seconds(60)});
    EXPECT_EQ(ask(gcra, 0, 3, start), (std::vector<double>{0, 60, 120}));
    EXPECT_EQ(ask(gcra, 0, 3, start + seconds(30)), (std::vector<double>{0, 60, 120}));
}

TEST(Gcra, Rule21LetsTheReturningEventPassBeforeANewOne) {
    Gcra gcra({.count = 1, .per = seconds(60)});
    ask(gcra, 0, 2, start);
    const Time later = start + seconds(60);
    EXPECT_EQ(ask(gcra, 2, 1, later), (std::vector<double>{120}));
    EXPECT_EQ(ask(gcra, 1, 1, later), (std::vector<double>{60}));
}

TEST(Gcra, Rule21LetsAPeriodPassBeforeTheNextBurst) {
    Gcra gcra({.count = 2, .per = seconds(60)});
    EXPECT_EQ(ask(gcra, 0, 2, start), (std::vector<double>{0, 0}));
    EXPECT_EQ(ask(gcra, 2, 2, start + seconds(60)), (std::vector<double>{60, 60}));
}

TEST(Gcra, Rule21TakesAFreeSlotBeforeOneThatIsReservedForLater) {
    Gcra gcra({.count = 1, .per = seconds(60)});
    EXPECT_EQ(gcra.slot_for("later", start, start + seconds(3600)), start + seconds(3600));
    EXPECT_EQ(gcra.slot_for("now", start, any_time), start);
    EXPECT_EQ(gcra.slot_for("next", start, any_time), start + seconds(60));
}

TEST(Gcra, Rule21ReservesNoSlotNextToOneThatIsTaken) {
    Gcra gcra({.count = 1, .per = seconds(60)});
    gcra.slot_for("a", start, start + seconds(100));
    EXPECT_EQ(gcra.slot_for("b", start, start + seconds(70)), start + seconds(160));
    EXPECT_EQ(gcra.slot_for("c", start, start + seconds(20)), start + seconds(20));
}

TEST(Gcra, ForgetsASlotWhenItsTimeIsOver) {
    Gcra gcra({.count = 1, .per = seconds(60)}, seconds(10));
    ask(gcra, 0, 1, start);
    EXPECT_EQ(ask(gcra, 0, 1, start + seconds(70)), (std::vector<double>{0}));
    EXPECT_EQ(ask(gcra, 0, 1, start + seconds(71)), (std::vector<double>{71}));
}

TEST(Gcra, WaitsNoLongerThanTheClockSaysWhenItWentBack) {
    Gcra gcra({.count = 2, .per = seconds(60)});
    ask(gcra, 0, 6, start + seconds(3600));
    EXPECT_EQ(ask(gcra, 6, 2, start), (std::vector<double>{0, 0}));
}

// What a run of random requests was told.
struct Told {
    Time now;
    Time earliest;
    Time slot;
};

struct RandomRun {
    Rate rate;
    std::vector<Told> told;
};

RandomRun random_run() {
    RandomRun run;
    run.rate.count = *rc::gen::inRange<std::uint32_t>(1, 12);
    run.rate.per = milliseconds(*rc::gen::inRange(1, 1000));
    Gcra gcra(run.rate);
    const std::int64_t per = microseconds(run.rate.per).count();
    Time now = start;
    for (int event = 0; event < 150; ++event) {
        const bool waits = *rc::gen::inRange(0, 3) == 0;
        now += microseconds(waits ? *rc::gen::inRange<std::int64_t>(0, per) : 0);
        const bool is_late = *rc::gen::inRange(0, 4) == 0;
        const Time earliest =
            is_late ? now + microseconds(*rc::gen::inRange<std::int64_t>(0, 10 * per)) : any_time;
        const Time slot = gcra.slot_for(name_of(event), now, earliest);
        RC_ASSERT(slot >= now && slot >= earliest);
        RC_ASSERT(gcra.slot_for(name_of(event), now, any_time) == slot);
        run.told.push_back({now, earliest, slot});
    }
    return run;
}

RC_GTEST_PROP(Gcra, Rule21NeverGivesMoreThanItsCountInAnyPeriod, ()) {
    const RandomRun run = random_run();
    std::vector<Time> slots;
    for (const Told& told : run.told) {
        slots.push_back(told.slot);
    }
    std::sort(slots.begin(), slots.end());
    for (std::size_t at = run.rate.count; at < slots.size(); ++at) {
        RC_ASSERT(slots[at] - slots[at - run.rate.count] >= run.rate.per);
    }
}

RC_GTEST_PROP(Gcra, Rule21GivesRefusedEventsDistinctSlotsApartFromOneAnother, ()) {
    const RandomRun run = random_run();
    const microseconds interval = Gcra(run.rate).interval();
    std::vector<Time> later;
    for (const Told& told : run.told) {
        if (told.slot > told.now) {
            later.push_back(told.slot);
        }
    }
    std::sort(later.begin(), later.end());
    for (std::size_t at = 1; at < later.size(); ++at) {
        RC_ASSERT(later[at] - later[at - 1] >= interval);
    }
}

// Whether one more slot at `time` would leave at most the count in every period around it, and, for
// a later one, its distance.
bool is_free(
    const std::vector<Time>& slots, const Rate& rate, microseconds interval, Time now, Time time
) {
    std::size_t around = 0;
    for (const Time slot : slots) {
        if (slot > time - rate.per && slot < time + rate.per) {
            ++around;
        }
        if (time > now && slot > time - interval && slot < time + interval) {
            return false;
        }
    }
    return around < rate.count;
}

RC_GTEST_PROP(Gcra, GivesTheFirstFreeSlot, ()) {
    const RandomRun run = random_run();
    const microseconds interval = Gcra(run.rate).interval();
    std::vector<Time> slots;
    for (const Told& told : run.told) {
        const Time first = std::max(told.now, told.earliest);
        RC_ASSERT(is_free(slots, run.rate, interval, told.now, told.slot));
        const microseconds step = std::max((told.slot - first) / 50, microseconds(1));
        for (Time time = first; time < told.slot; time += step) {
            RC_ASSERT(!is_free(slots, run.rate, interval, told.now, time));
        }
        slots.push_back(told.slot);
    }
}

}  // namespace
}  // namespace chatear::notification
