#include "runtime/content_gate.hpp"

#include <gtest/gtest.h>

#include <optional>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

class ContentGateTest : public testing::Test {
protected:
    ManualClock clock_{Time()};
    ContentGate gate_{clock_};
};

using Rule7Gate = ContentGateTest;
using Rule12Gate = ContentGateTest;

TEST_F(Rule7Gate, NothingBeginsBeforeTheFirstRenewal) {
    EXPECT_FALSE(gate_.lease_fresh());
    gate_.renewed(clock_.boot_time());
    EXPECT_TRUE(gate_.lease_fresh());
}

TEST_F(Rule7Gate, NothingBeginsWhen20SecondsWentByWithoutARenewal) {
    gate_.renewed(clock_.boot_time());
    clock_.advance(20s);
    EXPECT_TRUE(gate_.lease_fresh());
    clock_.advance(1us);
    EXPECT_FALSE(gate_.lease_fresh());
}

TEST_F(Rule7Gate, TheMachinesDateDoesNotMatter) {
    gate_.renewed(clock_.boot_time());
    clock_.step_civil_time(24h);
    EXPECT_TRUE(gate_.lease_fresh());
    clock_.advance(21s);
    clock_.step_civil_time(-48h);
    EXPECT_FALSE(gate_.lease_fresh());
}

TEST_F(Rule7Gate, ARenewalCountsFromWhenItWasAsked) {
    const BootTime asked_at = clock_.boot_time();
    clock_.advance(15s);
    gate_.renewed(asked_at);
    clock_.advance(6s);
    EXPECT_FALSE(gate_.lease_fresh());
}

TEST_F(Rule7Gate, ALeaseThatRanOutHasANewNumber) {
    gate_.renewed(clock_.boot_time());
    const auto number = gate_.lease_number();
    clock_.advance(20s);
    gate_.renewed(clock_.boot_time());
    EXPECT_EQ(gate_.lease_number(), number);
    clock_.advance(20s + 1us);
    gate_.renewed(clock_.boot_time());
    EXPECT_EQ(gate_.lease_number(), number + 1);
}

TEST_F(Rule12Gate, NothingBeginsWhileAVerdictHasWaited2Seconds) {
    std::optional<ContentGate::Waiting> first;
    first.emplace(gate_);
    clock_.advance(1s);
    const ContentGate::Waiting second(gate_);
    EXPECT_TRUE(gate_.verdicts_flow());
    clock_.advance(1s);
    EXPECT_FALSE(gate_.verdicts_flow());
    first.reset();
    EXPECT_TRUE(gate_.verdicts_flow());
    clock_.advance(1s);
    EXPECT_FALSE(gate_.verdicts_flow());
}

TEST_F(ContentGateTest, ClosedItStaysClosed) {
    EXPECT_FALSE(gate_.closed());
    gate_.close();
    EXPECT_TRUE(gate_.closed());
}

}  // namespace
}  // namespace chatear::runtime
