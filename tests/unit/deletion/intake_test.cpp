#include "deletion/intake.hpp"

#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;

Request deletion_request() {
    Request request;
    request.event_id = "bye-1";
    request.published_at = noon;
    request.user_id = "4711";
    return request;
}

Request recovery_request() {
    Request request = deletion_request();
    request.kind = RequestKind::recovery;
    request.event_id = "back-1";
    return request;
}

Request token_request() {
    Request request;
    request.kind = RequestKind::recovery;
    request.event_id = "page-1";
    request.token_sha256 = std::string(32, 't');
    request.by_page = true;
    return request;
}

RequestFacts facts_of_ann() {
    RequestFacts facts;
    facts.user = ann();
    return facts;
}

RequestDecision decide(const Request& request, const RequestFacts& facts) {
    return decide_request(request, facts, ClockOffset{0s, 1s}, noon + 1min);
}

/// It made and ended nothing, and stands in the audit log for its user.
void expect_end(const RequestDecision& decision, RequestOutcome outcome, std::string_view action) {
    EXPECT_EQ(decision.outcome, outcome);
    EXPECT_FALSE(decision.create);
    EXPECT_FALSE(decision.change);
    EXPECT_TRUE(decision.notices.empty());
    EXPECT_EQ(actions(decision.audit), action);
    ASSERT_FALSE(decision.audit.empty());
    EXPECT_EQ(decision.audit.front().user_id, decision.user_id);
    EXPECT_FALSE(meta(decision.audit.front(), "event_id").empty());
}

TEST(Intake, EveryOutcomeHasItsWordAndTheWordLeadsBack) {
    for (int i = 0; i <= static_cast<int>(RequestOutcome::rejected); ++i) {
        const auto outcome = static_cast<RequestOutcome>(i);
        EXPECT_EQ(parse_outcome(to_text(outcome)), outcome);
    }
    EXPECT_EQ(parse_outcome("done"), std::nullopt);
    EXPECT_EQ(to_text(RequestKind::deletion), "delete");
    EXPECT_EQ(to_text(RequestKind::recovery), "recover");
}

TEST(Rule1, AKeyThatStandsChangesNothing) {
    for (int i = 0; i <= static_cast<int>(RequestOutcome::rejected); ++i) {
        for (const Request& request : {deletion_request(), recovery_request(), token_request()}) {
            RequestFacts facts = facts_of_ann();
            facts.open = scheduled();
            facts.of_token = scheduled();
            facts.entered = RequestFacts::Entered{static_cast<RequestOutcome>(i), 0};
            const RequestDecision decision = decide(request, facts);
            EXPECT_EQ(decision.outcome, std::nullopt);
            EXPECT_FALSE(decision.create);
            EXPECT_FALSE(decision.change);
            EXPECT_TRUE(decision.audit.empty());
        }
    }
}

TEST(Rule1, ARejectionThatStandsIsARejectionAgain) {
    RequestFacts facts;
    facts.entered = RequestFacts::Entered{RequestOutcome::rejected, 3};
    Request request = deletion_request();
    request.generation = 3;
    const RequestDecision decision = decide(request, facts);
    EXPECT_EQ(decision.outcome, std::nullopt);
    EXPECT_EQ(decision.reason, "user_id: there is no such user");
}

TEST(Rule1, OnlyAHigherGenerationOverwritesARejection) {
    RequestFacts facts = facts_of_ann();
    facts.entered = RequestFacts::Entered{RequestOutcome::rejected, 3};
    Request request = deletion_request();
    request.generation = 4;
    EXPECT_EQ(decide(request, facts).outcome, RequestOutcome::accepted);
    request.generation = 2;
    EXPECT_EQ(decide(request, facts).outcome, std::nullopt);
}

TEST(Rule1, AHigherGenerationOverwritesNothingElse) {
    for (int i = 0; i < static_cast<int>(RequestOutcome::rejected); ++i) {
        RequestFacts facts = facts_of_ann();
        facts.entered = RequestFacts::Entered{static_cast<RequestOutcome>(i), 0};
        Request request = deletion_request();
        request.generation = 9;
        EXPECT_EQ(decide(request, facts).outcome, std::nullopt);
    }
}

TEST(Rule2, ADeletionPublishedBeforeTheLatestRecoveryIsSuperseded) {
    RequestFacts facts = facts_of_ann();
    facts.last_recovery_published = noon + 1s;
    expect_end(
        decide(deletion_request(), facts), RequestOutcome::superseded, "deletion.superseded"
    );
    facts.open = queued();  // Asked for again, after the recovery.
    expect_end(
        decide(deletion_request(), facts), RequestOutcome::superseded, "deletion.superseded"
    );
}

TEST(Rule2, WhatNobodyCanOrderIsADeletionThatIsHeld) {
    RequestFacts facts = facts_of_ann();
    facts.last_recovery_received = noon - 500ms;
    const RequestDecision decision = decide(deletion_request(), facts);
    EXPECT_EQ(decision.outcome, RequestOutcome::held);
    ASSERT_TRUE(decision.create);
    EXPECT_EQ(decision.create->status, Status::held);
    EXPECT_EQ(decision.create->held_from, Status::queued);
    EXPECT_EQ(decision.create->next_mail_at, std::nullopt);
    EXPECT_EQ(actions(decision.audit), "deletion.requested deletion.held");
    EXPECT_EQ(subjects(decision.notices), "user.deletion.requested user.deletion.held");
}

TEST(Rule2, WhatNobodyCanOrderIsPendingWhereADeletionIsUnderWayAnyhow) {
    RequestFacts facts = facts_of_ann();
    facts.last_recovery_received = noon - 500ms;
    facts.open = queued();
    expect_end(
        decide(deletion_request(), facts), RequestOutcome::pending, "deletion.requested_again"
    );
}

TEST(Rule3, ANewDeletionIsQueuedWithItsMailDueAtOnce) {
    const RequestDecision decision = decide(deletion_request(), facts_of_ann());
    EXPECT_EQ(decision.outcome, RequestOutcome::accepted);
    EXPECT_EQ(decision.user_id, "4711");
    Deletion expected = queued();
    expected.id = "";
    expected.requested_at = noon + 1min;
    expected.next_mail_at = noon + 1min;
    EXPECT_EQ(decision.create, expected);
    EXPECT_EQ(actions(decision.audit), "deletion.requested");
    EXPECT_EQ(meta(decision.audit[0], "published_at"), "2026-11-25T12:00:00.000000Z");
    EXPECT_EQ(subjects(decision.notices), "user.deletion.requested");
}

TEST(Rule3, TheIdThatTheDatabaseDrewStandsInEveryAuditEntry) {
    RequestFacts facts = facts_of_ann();
    facts.last_recovery_received = noon - 500ms;
    RequestDecision decision = decide(deletion_request(), facts);
    name_deletion(decision, "d7");
    EXPECT_EQ(decision.create->id, "d7");
    ASSERT_EQ(decision.audit.size(), 2U);
    EXPECT_EQ(meta(decision.audit[0], "deletion_id"), "d7");
    EXPECT_EQ(meta(decision.audit[1], "deletion_id"), "d7");
}

TEST(Rule3, TheUserIsNamedAsTheDatabaseWritesIt) {
    Request request = deletion_request();
    request.user_id = "004711";
    const RequestDecision decision = decide(request, facts_of_ann());
    EXPECT_EQ(decision.user_id, "4711");
    EXPECT_EQ(decision.create->user_id, "4711");
    EXPECT_EQ(decision.audit[0].user_id, "4711");
}

TEST(Rule3, AnUnknownUserIsRejected) {
    const RequestDecision decision = decide(deletion_request(), {});
    expect_end(decision, RequestOutcome::rejected, "deletion.rejected");
    EXPECT_EQ(decision.user_id, "4711");
    EXPECT_EQ(decision.reason, "user_id: there is no such user");
}

TEST(Rule3, ADeletedAccountIsDone) {
    RequestFacts facts = facts_of_ann();
    facts.user->is_deleted = true;
    facts.last_executed = ended(Status::executed);
    const RequestDecision decision = decide(deletion_request(), facts);
    expect_end(decision, RequestOutcome::done_before, "deletion.already_deleted");
    EXPECT_EQ(meta(decision.audit[0], "deletion_id"), "d1");
}

TEST(Rule3, ADeletedAccountIsDoneAlsoWhereItsRowIsGoneOrAnotherDeletedIt) {
    RequestFacts gone;
    gone.last_executed = ended(Status::executed);
    expect_end(
        decide(deletion_request(), gone), RequestOutcome::done_before, "deletion.already_deleted"
    );
    RequestFacts by_another = facts_of_ann();
    by_another.user->is_deleted = true;
    expect_end(
        decide(deletion_request(), by_another),
        RequestOutcome::done_before,
        "deletion.already_deleted"
    );
}

TEST(Rule3, AnAccountThatTheProductMadeAnewCanBeDeletedAgain) {
    RequestFacts facts = facts_of_ann();
    facts.last_executed = ended(Status::executed);
    EXPECT_EQ(decide(deletion_request(), facts).outcome, RequestOutcome::accepted);
}

TEST(SpecialCases, ASecondRequestWhileOneIsPendingIsDoneAndAudited) {
    for (const Deletion& open : {queued(), scheduled(), held(Status::queued)}) {
        RequestFacts facts = facts_of_ann();
        facts.open = open;
        const RequestDecision decision = decide(deletion_request(), facts);
        expect_end(decision, RequestOutcome::pending, "deletion.requested_again");
        EXPECT_EQ(meta(decision.audit[0], "deletion_id"), "d1");
    }
}

TEST(SpecialCases, ARequestAfterARecoveryIsANewDeletion) {
    RequestFacts facts = facts_of_ann();
    facts.last_recovery_published = noon - 1s;
    facts.last_recovery_received = noon - 1h;
    EXPECT_EQ(decide(deletion_request(), facts).outcome, RequestOutcome::accepted);
}

TEST(Rule13, ARecoveryCancelsWhateverIsUnderWay) {
    for (const Deletion& open : {queued(), scheduled(), held(Status::queued)}) {
        RequestFacts facts = facts_of_ann();
        facts.open = open;
        const RequestDecision decision = decide(recovery_request(), facts);
        EXPECT_EQ(decision.outcome, RequestOutcome::accepted);
        ASSERT_TRUE(decision.change);
        EXPECT_EQ(decision.change->before, open);
        EXPECT_EQ(decision.change->after.status, Status::cancelled);
        EXPECT_EQ(actions(decision.change->audit), "deletion.cancelled");
        EXPECT_EQ(meta(decision.change->audit[0], "by"), "recovery_event");
        EXPECT_EQ(meta(decision.change->audit[0], "event_id"), "back-1");
        EXPECT_TRUE(decision.audit.empty());
    }
}

TEST(Rule13, ALinkCancelsItsOwnDeletion) {
    RequestFacts facts = facts_of_ann();
    facts.of_token = scheduled();
    const RequestDecision decision = decide(token_request(), facts);
    EXPECT_EQ(decision.outcome, RequestOutcome::accepted);
    EXPECT_EQ(decision.user_id, "4711");
    ASSERT_TRUE(decision.change);
    EXPECT_EQ(meta(decision.change->audit[0], "by"), "recovery_page");
}

TEST(Rule13, ALinkWorksOnceAndNotForALaterDeletion) {
    RequestFacts facts = facts_of_ann();
    facts.of_token = ended(Status::cancelled);
    facts.open = queued();
    facts.open->id = "d2";
    const RequestDecision decision = decide(token_request(), facts);
    expect_end(decision, RequestOutcome::nothing, "recovery.without_deletion");
    EXPECT_EQ(meta(decision.audit[0], "deletion_id"), "d1");
}

TEST(Rule13, AfterExecutionItIsTooLate) {
    RequestFacts by_token;
    by_token.of_token = ended(Status::executed);
    expect_end(decide(token_request(), by_token), RequestOutcome::too_late, "recovery.too_late");

    RequestFacts by_user = facts_of_ann();
    by_user.user->is_deleted = true;
    by_user.last_executed = ended(Status::executed);
    expect_end(decide(recovery_request(), by_user), RequestOutcome::too_late, "recovery.too_late");
    by_user.user.reset();
    expect_end(decide(recovery_request(), by_user), RequestOutcome::too_late, "recovery.too_late");
}

TEST(Rule13, ARecoveryWithNothingToRecoverIsDoneAndAudited) {
    expect_end(
        decide(recovery_request(), facts_of_ann()),
        RequestOutcome::nothing,
        "recovery.without_deletion"
    );
    RequestFacts failed;
    failed.of_token = ended(Status::failed);
    expect_end(
        decide(token_request(), failed), RequestOutcome::nothing, "recovery.without_deletion"
    );
}

TEST(Rule13, AnUnknownUserOrTokenIsRejected) {
    const RequestDecision user = decide(recovery_request(), {});
    expect_end(user, RequestOutcome::rejected, "recovery.rejected");
    EXPECT_EQ(user.reason, "user_id: there is no such user");
    const RequestDecision token = decide(token_request(), facts_of_ann());
    expect_end(token, RequestOutcome::rejected, "recovery.rejected");
    EXPECT_EQ(token.reason, "token: no recovery mail had it");
}

TEST(Rule13, ARecoveryCancelsAlsoWhereTheUsersRowIsGone) {
    RequestFacts facts;
    facts.open = scheduled();
    const RequestDecision decision = decide(recovery_request(), facts);
    EXPECT_EQ(decision.outcome, RequestOutcome::accepted);
    EXPECT_EQ(decision.user_id, "4711");
}

}  // namespace
}  // namespace chatear::deletion
