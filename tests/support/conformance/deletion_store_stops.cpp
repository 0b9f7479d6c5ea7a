// Rules 9 to 11: what keeps everything from being executed, and what the whole remembers.
#include "base/utc.hpp"
#include "support/conformance/deletion_store_contract.hpp"

namespace chatear::conformance {
namespace {

TEST_P(DeletionStoreContract, Rule11NothingIsExecutedWhileARecoveryIsWorkedOn) {
    const std::string id = due(user());
    world().set_recovery_in_hand(true);
    EXPECT_EQ(execute(id), ExecutionAnswer::pass_over);
    EXPECT_FALSE(day_state().recovery_in_outbox);
    world().set_recovery_in_hand(false);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
}

TEST_P(DeletionStoreContract, Rule11NothingIsExecutedWhileARecoveryWaitsInTheOutbox) {
    const std::string id = due(user());
    EXPECT_FALSE(day_state().recovery_in_outbox);
    world().set_recovery_in_outbox(true);
    EXPECT_TRUE(day_state().recovery_in_outbox);
    EXPECT_EQ(execute(id), ExecutionAnswer::pass_over);
    world().set_recovery_in_outbox(false);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
}

TEST_P(DeletionStoreContract, Rule11NothingIsExecutedFromAStopUntilAnOperatorResumes) {
    const std::string ann = user();
    const std::string id = due(ann);
    EXPECT_EQ(day_state().executions_stopped, std::nullopt);
    stop("a recovery cannot be read");
    EXPECT_EQ(execute(id), ExecutionAnswer::pass_over);
    change_address(ann, "new@example.test");
    EXPECT_EQ(execute(id), ExecutionAnswer::pass_over) << "nor is anything else made of it";
    change_address(ann, "ann@example.test");
    EXPECT_TRUE(world().resume("looked at"));
    EXPECT_EQ(day_state().executions_stopped, std::nullopt);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
    ASSERT_EQ(audited(), "executions.stopped executions.resumed deletion.executed");
    EXPECT_EQ(world().log()[0].user_id, "");
    EXPECT_EQ(meta(world().log()[0], "reason"), "a recovery cannot be read");
    EXPECT_EQ(meta(world().log()[1], "reason"), "looked at");
    EXPECT_EQ(meta(world().log()[1], "stopped_for"), "a recovery cannot be read");
}

TEST_P(DeletionStoreContract, Rule11WhoResumesReadsEveryReasonOfTheStop) {
    stop("the clock was set ahead");
    stop("a recovery cannot be read");
    stop("the clock was set ahead");
    EXPECT_EQ(day_state().executions_stopped, "the clock was set ahead; a recovery cannot be read");
    EXPECT_EQ(audited(), "executions.stopped executions.stopped") << "one for each reason";
    EXPECT_EQ(meta(world().log().back(), "reason"), "a recovery cannot be read");
    EXPECT_TRUE(world().resume("looked at"));
    EXPECT_FALSE(world().resume("looked at")) << "they were not stopped";
    EXPECT_EQ(audited(), "executions.stopped executions.stopped executions.resumed");
    stop("the clock was set ahead");
    EXPECT_EQ(day_state().executions_stopped, "the clock was set ahead");
}

TEST_P(DeletionStoreContract, Rule9TheDayIsThatOfTheDatabasesClock) {
    const Time before = now();
    const DayState state = day_state();
    EXPECT_GE(state.now, before);
    EXPECT_LE(state.now, now());
    EXPECT_EQ(next_utc_day(state.now - 24h), parse_time(state.day + "T00:00:00Z").value());
}

TEST_P(DeletionStoreContract, Rule11RemembersHowFarDeadLettersWereLookedAt) {
    const auto seen = [&] {
        return ask<DeadLettersSeen>([&] { return store().dead_letters_seen(); });
    };
    EXPECT_EQ(seen(), DeadLettersSeen());
    for (const std::uint64_t sequence : {41U, 42U, 7U}) {
        const DeadLettersSeen noted{sequence, "2026-11-25T03:40:00.123456789Z"};
        world().run([&] { return store().set_dead_letters_seen(noted); });
        EXPECT_EQ(seen(), noted);
    }
}

}  // namespace
}  // namespace chatear::conformance
