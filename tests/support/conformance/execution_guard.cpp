// Rule 11 (a) and (b): a recovery that is on its way keeps a pass from beginning.
#include "support/conformance/execution_guard_contract.hpp"

namespace chatear::conformance {

using deletion::DayState;

DayState ExecutionGuardContract::day_state() {
    DayState day;
    world().run([&]() -> asio::awaitable<void> { day = co_await world().store().day_state(); });
    return day;
}

bool ExecutionGuardContract::forbids(const DayState& day) {
    std::optional<std::string> obstacle;
    world().run([&]() -> asio::awaitable<void> {
        obstacle = co_await world().guard().obstacle(day);
    });
    return obstacle.has_value();
}

namespace {

TEST_P(ExecutionGuardContract, Rule11NothingIsInTheWayWhereNobodyWantsToRecover) {
    EXPECT_FALSE(forbids());
    world().publish("user.delete");
    EXPECT_FALSE(forbids());
}

TEST_P(ExecutionGuardContract, Rule11ARecoveryInTheStreamIsInTheWayUntilItIsAcknowledged) {
    world().publish("user.recover");
    EXPECT_TRUE(forbids());
    world().publish("user.recover");
    world().acknowledge_first();
    EXPECT_TRUE(forbids()) << "another one waits";
    world().acknowledge_first();
    EXPECT_FALSE(forbids());
}

TEST_P(ExecutionGuardContract, Rule11ARecoveryInTheOutboxIsInTheWay) {
    world().set_recovery_in_outbox(true);
    EXPECT_TRUE(forbids());
    world().set_recovery_in_outbox(false);
    EXPECT_FALSE(forbids());
}

TEST_P(ExecutionGuardContract, Rule11ARecoveryThatCameIntoTheOutboxAfterThePassBeganIsInTheWay) {
    const DayState before = day_state();
    world().set_recovery_in_outbox(true);
    EXPECT_TRUE(forbids(before));
}

TEST_P(ExecutionGuardContract, Rule11WhatWasStoppedAfterThePassBeganStaysStopped) {
    const DayState before = day_state();
    world().run([&] { return world().store().stop_executions("a recovery cannot be read"); });
    EXPECT_TRUE(forbids(before));
}

}  // namespace
}  // namespace chatear::conformance
