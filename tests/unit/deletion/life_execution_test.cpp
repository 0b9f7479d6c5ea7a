#include "deletion/life.hpp"
#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;

const Time due = noon + 1min + day;  // Of scheduled().

ExecutionFacts proven() {
    ExecutionFacts facts;
    facts.user = ann();
    facts.mail_proven = true;
    return facts;
}

ExecutionStep step(const Deletion& deletion, const ExecutionFacts& facts, Time now = due) {
    return before_execution(deletion, facts, now, day);
}

bool may_run(const ExecutionStep& step) {
    return std::holds_alternative<Execute>(step);
}

std::string_view why_not(const ExecutionStep& step) {
    const auto* not_yet = std::get_if<NotYet>(&step);
    return not_yet == nullptr ? "" : not_yet->why;
}

TEST(Rule10, ItRunsWhenTheRecoveryPeriodIsOverAndNotAMomentBefore) {
    EXPECT_TRUE(may_run(step(scheduled(), proven())));
    EXPECT_EQ(why_not(step(scheduled(), proven(), due - 1us)), "it is not due");
}

TEST(Rule10, ScheduledAtAloneIsNeverBelieved) {
    Deletion deletion = scheduled();
    deletion.scheduled_at = noon + 2min;
    const ExecutionStep early = step(deletion, proven(), due - 1us);
    EXPECT_EQ(std::get<Change>(early).after, scheduled());
    EXPECT_TRUE(may_run(step(deletion, proven(), due)));
}

// It is looked at once, not at every pass of the days until then.
TEST(Rule10, APeriodThatWasMadeLongerMovesWhatIsScheduledAlready) {
    const ExecutionStep step = before_execution(scheduled(), proven(), due, 48h);
    const auto& change = std::get<Change>(step);
    Deletion expected = scheduled();
    expected.scheduled_at = noon + 1min + 48h;
    EXPECT_EQ(change.before, scheduled());
    EXPECT_EQ(change.after, expected);
    EXPECT_EQ(actions(change.audit), "deletion.put_off");
    EXPECT_EQ(meta(change.audit[0], "was_due"), "2026-11-26T12:01:00.000000Z");
    EXPECT_EQ(meta(change.audit[0], "scheduled_at"), "2026-11-27T12:01:00.000000Z");
    EXPECT_EQ(subjects(change.notices), "user.deletion.scheduled");
    EXPECT_EQ(why_not(before_execution(change.after, proven(), due, 48h)), "it is not due");
    EXPECT_TRUE(may_run(before_execution(change.after, proven(), due + day, 48h)));
}

TEST(Rule10, AnAdoptedRowWithoutItsMailIsQueued) {
    Deletion without_time = scheduled();
    without_time.recovery_sent_at.reset();
    ExecutionFacts without_record = proven();
    without_record.mail_proven = false;
    for (const ExecutionStep& adopted :
         {step(without_time, proven()), step(scheduled(), without_record)}) {
        const auto& change = std::get<Change>(adopted);
        EXPECT_EQ(change.after.status, Status::queued);
        EXPECT_EQ(change.after.mail_number, 2);
        EXPECT_EQ(change.after.mail_attempts, 0);
        EXPECT_EQ(change.after.next_mail_at, due);
        EXPECT_EQ(change.after.recovery_sent_at, std::nullopt);
        EXPECT_EQ(change.after.scheduled_at, std::nullopt);
        EXPECT_EQ(actions(change.audit), "deletion.adopted");
    }
}

TEST(Rule11, ARecoveryThatIsBeingWorkedOnIsWaitedFor) {
    ExecutionFacts facts = proven();
    facts.recovery_pending = true;
    EXPECT_EQ(why_not(step(scheduled(), facts)), "a recovery is being worked on");
    facts.user.reset();
    EXPECT_EQ(why_not(step(scheduled(), facts)), "a recovery is being worked on");
}

TEST(Rule8, OnlyAScheduledOneRuns) {
    for (const Status status :
         {Status::queued, Status::executed, Status::cancelled, Status::held, Status::failed}) {
        EXPECT_EQ(why_not(step(ended(status), proven())), "it is not scheduled");
    }
}

TEST(Rule7, WhatAnOperatorVouchedForWithoutAnAddressRuns) {
    Deletion deletion = scheduled();
    deletion.address_hash = "";
    ExecutionFacts facts = proven();
    facts.user->email.reset();
    EXPECT_TRUE(may_run(step(deletion, facts)));
}

TEST(SpecialCases, AnAddressThatChangedAfterAcceptanceGetsAMailOfItsOwn) {
    ExecutionFacts facts = proven();
    facts.user->email = "ann@new.example";
    const ExecutionStep changed = step(scheduled(), facts);
    const auto& change = std::get<Change>(changed);
    EXPECT_EQ(change.after.status, Status::queued);
    EXPECT_EQ(change.after.mail_number, 3);
    EXPECT_EQ(change.after.notice_number, 2);
    EXPECT_EQ(change.after.mail_attempts, 0);
    EXPECT_EQ(change.after.address_changes, 1);
    EXPECT_EQ(change.after.next_mail_at, due);
    EXPECT_EQ(change.after.recovery_sent_at, std::nullopt);
    EXPECT_EQ(change.after.address_hash, scheduled().address_hash);
    EXPECT_EQ(actions(change.audit), "deletion.address_changed");
}

TEST(SpecialCases, ASecondChangeOfAddressIsHeld) {
    Deletion deletion = scheduled();
    deletion.address_changes = 1;
    ExecutionFacts facts = proven();
    facts.user->email = "ann@newer.example";
    const ExecutionStep changed = step(deletion, facts);
    const auto& change = std::get<Change>(changed);
    EXPECT_EQ(change.after.status, Status::held);
    EXPECT_EQ(change.after.held_from, Status::scheduled);
    EXPECT_EQ(change.after.held_reason, "the account's e-mail address changed a second time");
}

TEST(SpecialCases, AnAddressThatIsWrittenOtherwiseIsTheSame) {
    ExecutionFacts facts = proven();
    facts.user->email = "Ann Other <ann@EXAMPLE.COM>";
    EXPECT_TRUE(may_run(step(scheduled(), facts)));
}

TEST(SpecialCases, AnAddressThatWentAwayOrIsNoneIsHeld) {
    for (const std::optional<std::string>& email : {std::optional<std::string>(), {"nobody"}}) {
        ExecutionFacts facts = proven();
        facts.user->email = email;
        const ExecutionStep changed = step(scheduled(), facts);
        EXPECT_EQ(std::get<Change>(changed).after.status, Status::held);
    }
}

TEST(SpecialCases, AUserWhoIsGoneBeforeExecutionFails) {
    ExecutionFacts gone = proven();
    gone.user.reset();
    ExecutionFacts deleted = proven();
    deleted.user->is_deleted = true;
    for (const ExecutionFacts& facts : {gone, deleted}) {
        const ExecutionStep failed = step(scheduled(), facts);
        const auto& change = std::get<Change>(failed);
        EXPECT_EQ(change.after.status, Status::failed);
        EXPECT_EQ(change.after.executed_at, std::nullopt);
        EXPECT_EQ(actions(change.audit), "deletion.failed");
        EXPECT_EQ(meta(change.audit[0], "was"), "scheduled");
        EXPECT_EQ(subjects(change.notices), "user.deletion.failed");
    }
    EXPECT_EQ(why_not(step(scheduled(), gone, due - 1us)), "it is not due");
}

TEST(Rule8, TheExecutionIsAuditedAndTold) {
    const Change change = execute(scheduled(), ann(), due + 1s);
    EXPECT_EQ(change.before, scheduled());
    EXPECT_EQ(change.after.status, Status::executed);
    EXPECT_EQ(change.after.executed_at, due + 1s);
    EXPECT_EQ(change.after.recovery_sent_at, scheduled().recovery_sent_at);
    EXPECT_TRUE(change.tells_address);
    EXPECT_EQ(actions(change.audit), "deletion.executed");
    EXPECT_EQ(meta(change.audit[0], "recovery_sent_at"), "2026-11-25T12:01:00.000000Z");
    EXPECT_EQ(subjects(change.notices), "user.deleted email.send");
}

}  // namespace
}  // namespace chatear::deletion
