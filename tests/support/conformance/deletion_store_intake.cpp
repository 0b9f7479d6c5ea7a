// Rules 1 to 3 and 13: what becomes of a request.
#include "support/conformance/deletion_store_contract.hpp"

namespace chatear::conformance {
namespace {

/// NATS's clock and the database's are one.
constexpr ClockOffset same_clock{0us, 0us};

TEST_P(DeletionStoreContract, Rule3ANewDeletionStandsWithItsAuditRowAndWhatIsTold) {
    const std::string ann = user();
    const Time before = now();
    const RequestReply reply = enter(deletion_of(ann));
    EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    EXPECT_FALSE(reply.entered_before);
    const Deletion made = row(reply.deletion_id);
    EXPECT_EQ(made.user_id, ann);
    EXPECT_EQ(made.status, Status::queued);
    EXPECT_GE(made.requested_at, before);
    EXPECT_EQ(made.next_mail_at, made.requested_at);
    EXPECT_EQ(made.recovery_sent_at, std::nullopt);
    ASSERT_EQ(audited(), "deletion.requested");
    const AuditEntry entry = world().log().front();
    EXPECT_EQ(entry.user_id, ann);
    EXPECT_EQ(meta(entry, "deletion_id"), reply.deletion_id);
    EXPECT_EQ(meta(entry, "event_id"), "d1");
    EXPECT_EQ(told(), "user.deletion.requested");
}

TEST_P(DeletionStoreContract, Rule3ASecondRequestWhileOneIsUnderWayIsDoneAndAudited) {
    const std::string ann = user();
    const std::string id = new_deletion(ann);
    const Deletion before = row(id);
    const RequestReply second = enter(deletion_of(ann, "d2"));
    EXPECT_EQ(second.outcome, RequestOutcome::pending);
    EXPECT_FALSE(second.entered_before);
    EXPECT_EQ(second.deletion_id, "");
    EXPECT_EQ(row(id), before);
    EXPECT_EQ(audited(), "deletion.requested deletion.requested_again");
    EXPECT_EQ(meta(world().log().back(), "deletion_id"), id);
    EXPECT_EQ(told(), "user.deletion.requested");
}

TEST_P(DeletionStoreContract, Rule3AnUnknownUserIsRejectedWithAReason) {
    const std::string nobody = world().nobody();
    const RequestReply deletion = enter(deletion_of(nobody));
    EXPECT_EQ(deletion.outcome, RequestOutcome::rejected);
    EXPECT_NE(deletion.reason, "");
    const RequestReply recovery = enter(recovery_of(nobody));
    EXPECT_EQ(recovery.outcome, RequestOutcome::rejected);
    const RequestReply by_token = enter(recovery_by("no mail had it"));
    EXPECT_EQ(by_token.outcome, RequestOutcome::rejected);
    EXPECT_NE(by_token.reason, deletion.reason);
    EXPECT_EQ(audited(), "deletion.rejected recovery.rejected recovery.rejected");
    EXPECT_EQ(world().log().front().user_id, nobody);
    EXPECT_EQ(world().log().back().user_id, "");
    EXPECT_EQ(told(), "");
}

TEST_P(DeletionStoreContract, Rule3AnAccountThatIsDeletedAlreadyIsDoneAndAudited) {
    const std::string ann = user();
    const std::string id = due(ann);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
    EXPECT_EQ(enter(deletion_of(ann)).outcome, RequestOutcome::done_before);
    world().remove_user(ann);
    EXPECT_EQ(enter(deletion_of(ann, "d2")).outcome, RequestOutcome::done_before);
    const std::string bob = user("bob@example.test");
    User deleted_by_the_product = world().user(bob).value();
    deleted_by_the_product.is_deleted = true;
    world().set_user(deleted_by_the_product);
    EXPECT_EQ(enter(deletion_of(bob, "d3")).outcome, RequestOutcome::done_before);
    EXPECT_EQ(
        audited(),
        "deletion.executed deletion.already_deleted deletion.already_deleted "
        "deletion.already_deleted"
    );
    EXPECT_EQ(meta(world().log().at(1), "deletion_id"), id);
    EXPECT_EQ(meta(world().log().at(3), "deletion_id"), "");
}

TEST_P(DeletionStoreContract, Rule1AKeyThatStandsChangesNothingForEver) {
    const std::string ann = user();
    const std::string id = new_deletion(ann);
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::accepted);
    const RequestReply again = enter(deletion_of(ann));
    EXPECT_TRUE(again.entered_before);
    EXPECT_EQ(again.outcome, RequestOutcome::accepted);
    EXPECT_EQ(again.deletion_id, id);
    Request replayed = deletion_of(ann);
    replayed.generation = 7;
    EXPECT_TRUE(enter(replayed).entered_before);
    EXPECT_EQ(row(id).status, Status::cancelled);
    EXPECT_EQ(audited(), "deletion.requested deletion.cancelled");
}

TEST_P(DeletionStoreContract, Rule1ARejectionIsOverwrittenByAHigherGenerationOnly) {
    User late;
    late.email = "late@example.test";
    const std::string id = world().add_user(late);
    late = world().user(id).value();
    world().remove_user(id);
    Request request = deletion_of(id);
    request.generation = 1;
    const RequestReply unknown = enter(request);
    EXPECT_EQ(unknown.outcome, RequestOutcome::rejected);
    world().set_user(late);
    const RequestReply again = enter(request);
    EXPECT_TRUE(again.entered_before);
    EXPECT_EQ(again.outcome, RequestOutcome::rejected);
    EXPECT_EQ(again.reason, unknown.reason);
    request.generation = 0;
    EXPECT_TRUE(enter(request).entered_before);
    request.generation = 2;
    const RequestReply replay = enter(request);
    EXPECT_FALSE(replay.entered_before);
    EXPECT_EQ(replay.outcome, RequestOutcome::accepted);
    request.generation = 3;
    EXPECT_EQ(enter(request).deletion_id, replay.deletion_id);
    EXPECT_EQ(audited(), "deletion.rejected deletion.requested");
}

TEST_P(DeletionStoreContract, Rule1ARecoveryWithTheIdOfItsDeletionIsAnEventOfItsOwn) {
    const std::string ann = user();
    const std::string id = new_deletion(ann, "request-7");
    const RequestReply recovered = enter(recovery_of(ann, "request-7"));
    EXPECT_FALSE(recovered.entered_before);
    EXPECT_EQ(recovered.outcome, RequestOutcome::accepted);
    EXPECT_EQ(recovered.deletion_id, id);
    EXPECT_TRUE(enter(recovery_of(ann, "request-7")).entered_before);
    EXPECT_EQ(row(id).status, Status::cancelled);
}

TEST_P(DeletionStoreContract, Rule1TheRequestsOfABatchSeeWhatThoseBeforeThemDid) {
    const std::string ann = user();
    const std::string bob = user("bob@example.test");
    std::vector<Request> batch;
    batch.push_back(deletion_of(ann, "d1"));
    batch.push_back(deletion_of(bob, "d2"));
    batch.push_back(deletion_of(ann, "d3"));
    batch.push_back(recovery_of(ann, "r1"));
    batch.push_back(deletion_of(bob, "d2"));
    const std::vector<RequestReply> replies = enter_all(std::move(batch));
    ASSERT_EQ(replies.size(), 5U);
    EXPECT_EQ(replies[0].outcome, RequestOutcome::accepted);
    EXPECT_EQ(replies[1].outcome, RequestOutcome::accepted);
    EXPECT_EQ(replies[2].outcome, RequestOutcome::pending);
    EXPECT_EQ(replies[3].outcome, RequestOutcome::accepted);
    EXPECT_EQ(replies[3].deletion_id, replies[0].deletion_id);
    EXPECT_TRUE(replies[4].entered_before);
    EXPECT_EQ(replies[4].deletion_id, replies[1].deletion_id);
    EXPECT_EQ(row(replies[0].deletion_id).status, Status::cancelled);
    EXPECT_EQ(row(replies[1].deletion_id).status, Status::queued);
}

TEST_P(DeletionStoreContract, Rule2ADeletionPublishedBeforeTheLatestRecoveryIsSuperseded) {
    const std::string ann = user();
    Request old = deletion_of(ann, "old");
    old.published_at = *old.published_at - 10s;
    new_deletion(ann);
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::accepted);
    EXPECT_EQ(enter(old).outcome, RequestOutcome::superseded);
    EXPECT_EQ(audited(), "deletion.requested deletion.cancelled deletion.superseded");
    Request fresh = deletion_of(ann, "fresh");
    fresh.published_at = now() + 1s;
    EXPECT_EQ(enter(fresh).outcome, RequestOutcome::accepted);
}

TEST_P(DeletionStoreContract, Rule2ARecoveryWithNothingToRecoverSupersedesToo) {
    const std::string ann = user();
    Request old = deletion_of(ann);
    old.published_at = *old.published_at - 10s;
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::nothing);
    EXPECT_EQ(enter(old).outcome, RequestOutcome::superseded);
    EXPECT_EQ(audited(), "recovery.without_deletion deletion.superseded");
}

// The product let the account live again: what its user asked for last still counts.
TEST_P(DeletionStoreContract, Rule2ARecoveryThatCameTooLateSupersedesToo) {
    const std::string ann = user();
    EXPECT_EQ(execute(due(ann)), ExecutionAnswer::executed);
    Request old = deletion_of(ann);
    old.published_at = *old.published_at - 10s;
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::too_late);
    User alive = world().user(ann).value();
    alive.is_deleted = false;
    world().set_user(alive);
    EXPECT_EQ(enter(old).outcome, RequestOutcome::superseded);
}

TEST_P(DeletionStoreContract, Rule2ARejectedRecoverySupersedesNothing) {
    User late;
    late.email = "late@example.test";
    const std::string id = world().add_user(late);
    late = world().user(id).value();
    world().remove_user(id);
    EXPECT_EQ(enter(recovery_of(id)).outcome, RequestOutcome::rejected);
    world().set_user(late);
    Request old = deletion_of(id);
    old.published_at = *old.published_at - 10s;
    EXPECT_EQ(enter(old).outcome, RequestOutcome::accepted);
}

// The page's recovery has the database's time, a deletion has NATS's.
TEST_P(DeletionStoreContract, Rule2TimesOfTwoClocksAreComparedWithinWhatIsKnownOfThem) {
    const std::string ann = user();
    add_token(new_deletion(ann), "token");
    EXPECT_EQ(enter(recovery_by("token")).outcome, RequestOutcome::accepted);
    Request old = deletion_of(ann, "old");
    old.published_at = *old.published_at - 10s;
    EXPECT_EQ(enter(old, same_clock).outcome, RequestOutcome::superseded);
    Request fresh = deletion_of(ann, "fresh");
    fresh.published_at = now() + 1s;
    EXPECT_EQ(enter(fresh, same_clock).outcome, RequestOutcome::accepted);
}

TEST_P(DeletionStoreContract, Rule2ADeletionOfWhichNobodyKnowsWhetherItCameFirstIsHeld) {
    const std::string ann = user();
    add_token(new_deletion(ann), "token");
    enter(recovery_by("token"));
    const ClockOffset unsure{-20s, 20s};
    const RequestReply reply = enter(deletion_of(ann, "d2"), unsure);
    EXPECT_EQ(reply.outcome, RequestOutcome::held);
    const Deletion held = row(reply.deletion_id);
    EXPECT_EQ(held.status, Status::held);
    EXPECT_EQ(held.held_from, Status::queued);
    EXPECT_NE(held.held_reason, "");
    EXPECT_EQ(held.next_mail_at, std::nullopt);
    EXPECT_EQ(audited(), "deletion.requested deletion.cancelled deletion.requested deletion.held");
    EXPECT_EQ(meta(world().log().back(), "deletion_id"), reply.deletion_id);
    EXPECT_EQ(
        told(),
        "email.send user.deletion.cancelled user.deletion.held user.deletion.requested "
        "user.deletion.requested"
    );
}

TEST_P(DeletionStoreContract, Rule13ARecoveryCancelsFromEveryStateInWhichItIsUnderWay) {
    const std::string ann = user();
    const std::string of_ann = queued(ann, now() + 1h);
    const std::string bob = user("bob@example.test");
    const std::string of_bob = due(bob);
    const std::string eve = user("eve@example.test");
    const std::string of_eve = due(eve);
    EXPECT_TRUE(apply(hold(row(of_eve), "a test")));
    int number = 0;
    const std::vector<std::pair<std::string, std::string>> all{
        {ann, of_ann}, {bob, of_bob}, {eve, of_eve}};
    for (const auto& [user_id, id] : all) {
        const RequestReply reply = enter(recovery_of(user_id, "r" + std::to_string(++number)));
        EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
        EXPECT_EQ(reply.deletion_id, id);
        const Deletion cancelled = row(id);
        EXPECT_EQ(cancelled.status, Status::cancelled);
        EXPECT_TRUE(cancelled.cancelled_at.has_value());
        EXPECT_EQ(cancelled.held_reason, "");
    }
    EXPECT_EQ(audited(), "deletion.held deletion.cancelled deletion.cancelled deletion.cancelled");
    EXPECT_EQ(meta(world().log().back(), "event_id"), "r3");
}

TEST_P(DeletionStoreContract, Rule13AfterExecutionARecoveryIsTooLate) {
    const std::string ann = user();
    const std::string id = due(ann);
    add_token(id, "token");
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::too_late);
    EXPECT_EQ(enter(recovery_by("token")).outcome, RequestOutcome::too_late);
    world().remove_user(ann);
    EXPECT_EQ(enter(recovery_of(ann, "r2")).outcome, RequestOutcome::too_late);
    EXPECT_EQ(row(id).status, Status::executed);
    EXPECT_EQ(audited(), "deletion.executed recovery.too_late recovery.too_late recovery.too_late");
}

TEST_P(DeletionStoreContract, AReplySpeaksTheLanguageOfItsUser) {
    User made;
    made.email = "ann@example.test";
    made.locale = "pt-BR";
    const std::string ann = world().add_user(made);
    EXPECT_EQ(enter(deletion_of(ann)).locale, "pt-BR");
    EXPECT_EQ(enter(deletion_of(ann)).locale, "pt-BR") << "also where the key stands already";
    EXPECT_EQ(enter(deletion_of(world().nobody(), "d2")).locale, "");
}

}  // namespace
}  // namespace chatear::conformance
