// What a process finds of a mail that another one had in hand when it died.
#include "deletion/audit_actions.hpp"
#include "mailer_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using runtime::LedgerStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

TEST_F(Mailer, WhatADeadProcessMayHaveSentIsSentAgainOrHeld) {
    judge_.reply.answer = runtime::ClaimAnswer::taken_over;
    judge_.reply.content_may_have_left = true;
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_EQ(duplicates_, 1);
    settings_.on_ambiguity = notification::OnAmbiguity::hold;
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_EQ(judge_.recorded.at(1).verdict.status, LedgerStatus::ambiguous);
    EXPECT_EQ(only_change().after.status, Status::held);
}

TEST_F(Mailer, WhatADeadProcessSawAcceptedIsWrittenDownAndNotSentAgain) {
    judge_.reply.answer = runtime::ClaimAnswer::taken_over;
    judge_.reply.takeovers = 1;
    judge_.reply.content_may_have_left = true;
    judge_.reply.already_accepted = true;
    take_slot("d1.1.0.0");
    EXPECT_EQ(handle(), RecoveryMailer::Handled::moved);
    EXPECT_THAT(transport_.recipients, IsEmpty());
    EXPECT_EQ(duplicates_, 0);
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done);
    EXPECT_THAT(judge_.recorded[0].details, IsEmpty()) << "what the dead one wrote stays";
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0")) << "its content has left";
}

// Each takeover from a process that died after its content began is another content.
TEST_F(Mailer, Rule6NoMoreThanTwoContentsADayHoweverOftenItsProcessIsKilled) {
    judge_.reply.answer = runtime::ClaimAnswer::taken_over;
    judge_.reply.content_may_have_left = true;
    judge_.reply.takeovers = 1;
    take_slot("d1.1.0.0");
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0", "d1.1.0.1"));
    EXPECT_THAT(limits_.asked(), ElementsAre(Pair("2", 1)));
    judge_.reply.takeovers = 2;
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_EQ(judge_.recorded.at(1).verdict.status, LedgerStatus::deferred);
    EXPECT_EQ(only_change().after.next_mail_at, at(0, 0, 26));
    // Asked for again that day, as a claim that was not taken over: there is no slot either.
    store_.applied.clear();
    judge_.reply = {.answer = runtime::ClaimAnswer::granted};
    record(LedgerStatus::deferred).generation = 1;
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_EQ(only_change().after.next_mail_at, at(0, 0, 26));
}

TEST_F(Mailer, Rule6ProcessesThatDiedBeforeTheContentCostNoSlot) {
    judge_.reply.answer = runtime::ClaimAnswer::taken_over;
    judge_.reply.takeovers = 3;
    take_slot("d1.1.0.1");
    take_slot("x.1.0.0");
    handle();
    EXPECT_THAT(transport_.recipients, SizeIs(1));
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.3", "x.1.0.0"));
    EXPECT_EQ(duplicates_, 0);
}

TEST_F(Mailer, AClaimWhoseAnswerWasLostIsAskedForByItsNumber) {
    RecoveryMailer mailer(
        {store_, limits_, local_times_, judge_, gate_, transport_, templates_, clock_},
        settings_,
        {[](const Change&) {}, [](const std::string&) {}}
    );
    asio::io_context context;
    const auto body = [&]() -> asio::awaitable<void> { (void)co_await mailer.handle(job_); };
    judge_.answers_get_lost = true;
    EXPECT_THROW(test::run_coroutine(context, body), Unavailable);
    job_.deletion.id = "d2";
    context.restart();
    EXPECT_THROW(test::run_coroutine(context, body), Unavailable);
    judge_.answers_get_lost = false;
    job_.deletion.id = "d1";
    context.restart();
    test::run_coroutine(context, body);
    context.restart();
    test::run_coroutine(context, body);
    EXPECT_THAT(judge_.claims, ElementsAre("d1.1", "d2.1", "d1.1", "d1.1"));
    EXPECT_THAT(judge_.claim_numbers, ElementsAre(1U, 2U, 1U, 3U));
    EXPECT_THAT(transport_.recipients, SizeIs(2));
}

TEST_F(Mailer, Rule7ThatThereIsNobodyIsKnownAlsoToTheSuccessorOfAProcessThatDied) {
    record(LedgerStatus::failed).error = std::string(nobody_there) + "550 5.1.1 no (rcpt)";
    job_.record->reply = "550 5.1.1 no";
    job_.record->updated_at = at(11, 40);
    handle();
    EXPECT_EQ(only_change().after.status, Status::scheduled);
    EXPECT_EQ(only_change().after.recovery_sent_at, store_.day.now);
    EXPECT_EQ(only_change().audit.at(0).action, audit::mail_refused);
}

// The relay that refused everybody may have been mended since.
TEST_F(Mailer, Rule7WhatTheRelayAcceptedAfterItsRefusalIsNoProofOfIt) {
    record(LedgerStatus::failed).error = std::string(nobody_there) + "550 5.1.1 no (rcpt)";
    job_.record->updated_at = at(10);
    store_.last_accepted = at(11, 59);
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    store_.applied.clear();
    store_.last_accepted = at(9, 30);
    handle();
    EXPECT_EQ(only_change().after.status, Status::scheduled);
    EXPECT_EQ(only_change().after.recovery_sent_at, store_.day.now) << "found now, told now";
}

TEST_F(Mailer, Rule4ALastTryThatFailedForNowIsCalledWhatItWasAlsoByASuccessor) {
    settings_.retry.max_attempts = 1;
    for (const std::string_view words : {wanted_later, broken_off, no_answer}) {
        store_.applied.clear();
        record(LedgerStatus::failed).error = std::string(words) + "451 4.7.1 later (rcpt)";
        handle();
        EXPECT_THAT(only_change().after.held_reason, HasSubstr("in vain"));
    }
}

TEST_F(Mailer, WhatDiedBetweenVerdictAndStepIsFoundInTheLedger) {
    record(LedgerStatus::retrying).attempts = 1;
    job_.record->generation = 1;
    job_.record->takeovers = 1;
    job_.record->reply = "451 4.7.1 greylisted";
    take_slot("d1.1.0.0");
    take_slot("d1.1.0.1");
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_EQ(only_change().after.mail_attempts, 1);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0", "d1.1.1.0"));
    store_.applied.clear();
    record(LedgerStatus::failed);
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    store_.applied.clear();
    record(LedgerStatus::ambiguous);
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    EXPECT_THAT(judge_.claims, IsEmpty());
}

TEST_F(Mailer, Rule6ATryInDoubtKeepsItsSlotAlsoWhenItsProcessDied) {
    record(LedgerStatus::retrying).attempts = 1;
    job_.record->generation = 1;
    job_.record->reply = "354 go on";  // To a content that was answered so twice.
    job_.record->error = std::string(no_answer) + "354 go on (content)";
    take_slot("d1.1.0.0");
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0"));
    job_.deletion = only_change().after;
    handle();
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0", "d1.1.1.0"));
}

TEST_F(Mailer, Rule6ATryThatWasWithdrawnOrBrokenOffCostsNoSlotAlsoWhenItsProcessDied) {
    for (const LedgerStatus status : {LedgerStatus::deferred, LedgerStatus::retrying}) {
        store_.slots = {};
        record(status).generation = 1;
        job_.record->error = std::string(broken_off) + "connection lost (content)";
        take_slot("d1.1.0.0");
        handle();
        EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.1.0"));
    }
}

TEST_F(Mailer, Rule6AMailThatIsRefusedForGoodLeavesItsSlotToTheNextAlsoWhenItsProcessDied) {
    record(LedgerStatus::failed).error = "the mail server refuses it: 552 5.3.4 too large (rcpt)";
    job_.record->generation = 2;
    take_slot("d1.1.2.0");
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.2.0.0"));
}

}  // namespace
}  // namespace chatear::deletion
