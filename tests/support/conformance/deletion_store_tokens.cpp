// Rules 5 and 13: what a recovery link is good for.
#include "support/conformance/deletion_store_contract.hpp"

namespace chatear::conformance {
namespace {

TEST_P(DeletionStoreContract, Rule5AllTokensOfADeletionStayValidUntilItEnds) {
    const std::string id = new_deletion(user());
    add_token(id, "first");
    add_token(id, "second");
    EXPECT_EQ(look_up("first"), TokenState::usable);
    EXPECT_EQ(look_up("second"), TokenState::usable);
    EXPECT_TRUE(apply(hold(row(id), "a test")));
    EXPECT_EQ(look_up("first"), TokenState::usable);
    EXPECT_TRUE(apply(accept_mail(row(id), now(), 24h, "a test").value()));
    EXPECT_EQ(row(id).status, Status::scheduled);
    EXPECT_EQ(look_up("first"), TokenState::usable);
    EXPECT_EQ(look_up("second"), TokenState::usable);
}

TEST_P(DeletionStoreContract, Rule5AnUnknownTokenIsUnknown) {
    add_token(new_deletion(user()), "token");
    EXPECT_EQ(look_up("another"), TokenState::unknown);
}

TEST_P(DeletionStoreContract, Rule5ATokenThatRecoveredIsUsedAndTheOthersOfItsDeletionAreNot) {
    const std::string id = new_deletion(user());
    add_token(id, "first");
    add_token(id, "second");
    EXPECT_EQ(enter(recovery_by("second")).deletion_id, id);
    EXPECT_EQ(look_up("second"), TokenState::used);
    EXPECT_EQ(look_up("first"), TokenState::cancelled);
    EXPECT_EQ(enter(recovery_by("second", "p2")).outcome, RequestOutcome::nothing);
    EXPECT_EQ(enter(recovery_by("first", "p3")).outcome, RequestOutcome::nothing);
    EXPECT_EQ(look_up("first"), TokenState::cancelled) << "it changed nothing";
    EXPECT_EQ(
        audited(),
        "deletion.requested deletion.cancelled recovery.without_deletion "
        "recovery.without_deletion"
    );
}

TEST_P(DeletionStoreContract, Rule5ATokenIsForItsOwnDeletionOnly) {
    const std::string ann = user();
    const std::string first = new_deletion(ann);
    add_token(first, "first");
    EXPECT_EQ(enter(recovery_of(ann)).outcome, RequestOutcome::accepted);
    Request fresh = deletion_of(ann, "d2");
    fresh.published_at = now() + 1s;
    const std::string second = enter(fresh).deletion_id;
    EXPECT_EQ(look_up("first"), TokenState::cancelled);
    EXPECT_EQ(enter(recovery_by("first")).outcome, RequestOutcome::nothing);
    EXPECT_EQ(row(second).status, Status::queued);
    add_token(second, "second");
    EXPECT_EQ(look_up("second"), TokenState::usable);
    EXPECT_EQ(enter(recovery_by("second", "p2")).deletion_id, second);
}

TEST_P(DeletionStoreContract, Rule5ATokenThatIsAddedAgainStaysWithItsDeletion) {
    const std::string anns = new_deletion(user());
    const std::string bobs = new_deletion(user("bob@example.test"), "d2");
    add_token(anns, "token");
    add_token(anns, "token");
    add_token(bobs, "token");
    EXPECT_EQ(enter(recovery_by("token")).deletion_id, anns);
    EXPECT_EQ(look_up("token"), TokenState::used);
}

TEST_P(DeletionStoreContract, Rule13AfterItsDeletionsEndATokenSaysWhatBecameOfIt) {
    const std::string executed = due(user());
    add_token(executed, "of executed");
    EXPECT_EQ(execute(executed), ExecutionAnswer::executed);
    EXPECT_EQ(look_up("of executed"), TokenState::too_late);
    const std::string bob = user("bob@example.test");
    const std::string failed = due(bob);
    add_token(failed, "of failed");
    world().remove_user(bob);
    EXPECT_EQ(execute(failed), ExecutionAnswer::changed);
    EXPECT_EQ(row(failed).status, Status::failed);
    EXPECT_EQ(look_up("of failed"), TokenState::cancelled);
    const std::string called_off = due(user("eve@example.test"));
    add_token(called_off, "of called off");
    EXPECT_TRUE(apply(cancel(row(called_off), CancelledBy::operator_, now(), "a test")));
    EXPECT_EQ(look_up("of called off"), TokenState::cancelled);
}

}  // namespace
}  // namespace chatear::conformance
