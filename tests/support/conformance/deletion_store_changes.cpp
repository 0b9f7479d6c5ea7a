// Changes happen once, and only to the row that they were decided on.
#include "deletion/notices.hpp"
#include "support/conformance/deletion_store_contract.hpp"

namespace chatear::conformance {
namespace {

/// A try of a queued deletion's mail that failed for now.
Change postponed(const Deletion& deletion, Time now) {
    MailResult result;
    result.kind = MailResult::Kind::try_later;
    result.at = now;
    result.address_hash = "of the last try";
    MailContext context;
    context.now = now;
    return after_mail(deletion, result, context);
}

TEST_P(DeletionStoreContract, AChangeHappensOnceAndLeavesTheRowAsItSays) {
    const std::string id = due(user());
    const Change held = hold(row(id), "why");
    const std::vector<Change> twice(2, held);
    EXPECT_EQ(
        ask<std::vector<bool>>([&] { return store().apply(twice); }),
        (std::vector<bool>{true, false})
    );
    EXPECT_FALSE(apply(held));
    EXPECT_EQ(row(id), held.after);
    ASSERT_EQ(audited(), "deletion.held");
    EXPECT_EQ(world().log().front().user_id, held.before.user_id);
    EXPECT_EQ(meta(world().log().front(), "deletion_id"), id);
    EXPECT_EQ(meta(world().log().front(), "reason"), "why");
    EXPECT_EQ(told(), "user.deletion.held");
}

TEST_P(DeletionStoreContract, ALostRaceHappensNotAndLeavesNoTrace) {
    const std::string id = due(user());
    const Deletion seen = row(id);
    EXPECT_TRUE(apply(cancel(seen, CancelledBy::operator_, now(), "faster")));
    const Deletion after = row(id);
    EXPECT_FALSE(apply(hold(seen, "slower")));
    EXPECT_EQ(row(id), after);
    EXPECT_EQ(audited(), "deletion.cancelled");
    EXPECT_EQ(told(), "email.send user.deletion.cancelled");
}

TEST_P(DeletionStoreContract, AChangeDecidedOnAnOlderMailHappensNot) {
    const std::string id = queued(user(), now() - 1min);
    const Deletion seen = row(id);
    EXPECT_TRUE(apply(resend(seen, now(), "a test").value()));
    EXPECT_FALSE(apply(hold(seen, "about mail 1")));
    EXPECT_EQ(row(id).status, Status::queued);
    EXPECT_EQ(row(id).mail_number, 2);
    EXPECT_EQ(audited(), "deletion.mail_resent");
}

TEST_P(DeletionStoreContract, Rule4ATryIsCountedOnceAndAChangeThatDoesNotKnowOfItHappensNot) {
    const std::string id = queued(user(), now() - 1min);
    const Deletion seen = row(id);
    EXPECT_TRUE(apply(postponed(seen, now())));
    EXPECT_EQ(row(id).mail_attempts, 1);
    EXPECT_FALSE(apply(postponed(seen, now()))) << "the same try, found by another instance";
    EXPECT_FALSE(apply(hold(seen, "without the try")));
    EXPECT_FALSE(apply(resend(seen, now(), "without the try").value()));
    EXPECT_EQ(row(id).mail_attempts, 1);
    EXPECT_TRUE(apply(resend(row(id), now(), "a test").value()));
    EXPECT_EQ(row(id).mail_number, 2);
    EXPECT_EQ(row(id).mail_attempts, 0);
}

TEST_P(DeletionStoreContract, ABatchDoesWhatItCan) {
    const std::string first = due(user());
    const std::string second = due(user("bob@example.test"));
    const std::string third = due(user("eve@example.test"));
    Change stale = hold(row(first), "stale");
    stale.before.mail_number = 7;
    const std::vector<Change> batch{
        stale, cancel(row(second), CancelledBy::recovery_event, now()), hold(row(third), "a test")};
    EXPECT_EQ(
        ask<std::vector<bool>>([&] { return store().apply(batch); }),
        (std::vector<bool>{false, true, true})
    );
    EXPECT_EQ(row(first).status, Status::scheduled);
    EXPECT_EQ(row(second).status, Status::cancelled);
    EXPECT_EQ(row(third).status, Status::held);
    EXPECT_EQ(audited(), "deletion.cancelled deletion.held");
    EXPECT_EQ(told(), "email.send user.deletion.cancelled user.deletion.held");
}

TEST_P(DeletionStoreContract, AChangeOfADeletionThatIsNotThereHappensNot) {
    Deletion gone = row(due(user()));
    gone.id = world().nobody();
    EXPECT_FALSE(apply(hold(gone, "why")));
    EXPECT_EQ(audited(), "");
}

TEST_P(DeletionStoreContract, ANoticeWaitsOnceThoughItsChangeIsToldAgain) {
    const std::string ann = user();
    const std::string id = queued(ann, now() - 1min);
    for (int time = 1; time <= 2; ++time) {
        Change told_again = postponed(row(id), now());
        told_again.notices.push_back(domain_event("user.deletion.postponed", "postponed", ann));
        EXPECT_TRUE(apply(told_again));
    }
    EXPECT_EQ(audited(), "deletion.mail_postponed deletion.mail_postponed");
    EXPECT_EQ(told(), "user.deletion.postponed");
}

TEST_P(DeletionStoreContract, EachHoldIsTold) {
    const std::string id = due(user());
    EXPECT_TRUE(apply(hold(row(id), "why")));
    EXPECT_TRUE(apply(release(row(id), now(), "looked at").value()));
    EXPECT_TRUE(apply(hold(row(id), "why again")));
    EXPECT_EQ(audited(), "deletion.held deletion.released deletion.held");
    EXPECT_EQ(told(), "user.deletion.held user.deletion.held");
}

TEST_P(DeletionStoreContract, Rule11WhatDoesNotKnowOfAHoldHappensNot) {
    const std::string id = due(user());
    EXPECT_TRUE(apply(hold(row(id), "looked at")));
    const Deletion seen = row(id);
    EXPECT_TRUE(apply(hold(seen, "a recovery is lost")));
    EXPECT_FALSE(apply(hold(seen, "by another instance")));
    EXPECT_FALSE(apply(release(seen, now(), "for the first reason").value()));
    EXPECT_EQ(row(id).held_reason, "a recovery is lost");
    EXPECT_EQ(audited(), "deletion.held deletion.held");
    EXPECT_TRUE(apply(release(row(id), now(), "for both").value()));
}

TEST_P(DeletionStoreContract, WhoCannotBeWrittenToIsNotWrittenTo) {
    const std::string ann = user();
    const std::string id = due(ann);
    change_address(ann, "no address");
    EXPECT_TRUE(apply(cancel(row(id), CancelledBy::operator_, now(), "a test")));
    EXPECT_EQ(told(), "user.deletion.cancelled");
}

TEST_P(DeletionStoreContract, Rule11ALostRecoveryHoldsTheDeletionOfItsUser) {
    const std::string ann = user();
    const std::string id = due(ann);
    EXPECT_TRUE(hold_for_lost_recovery(ann, ""));
    EXPECT_EQ(row(id).status, Status::held);
    EXPECT_EQ(row(id).held_from, Status::scheduled);
    EXPECT_EQ(row(id).held_reason, "it is lost");
    EXPECT_TRUE(hold_for_lost_recovery(ann, ""));
    EXPECT_EQ(audited(), "deletion.held") << "told again it is not held again";
    EXPECT_TRUE(hold_for_lost_recovery(user("no-deletion@example.test"), ""));
    EXPECT_FALSE(hold_for_lost_recovery(world().nobody(), ""));
    EXPECT_EQ(audited(), "deletion.held");
}

TEST_P(DeletionStoreContract, Rule11ALostRecoveryByATokenHoldsTheDeletionOfThatTokenAlone) {
    const std::string ann = user();
    const std::string id = due(ann);
    add_token(id, "token");
    EXPECT_FALSE(hold_for_lost_recovery(ann, "unknown")) << "a token decides alone";
    EXPECT_EQ(row(id).status, Status::scheduled);
    EXPECT_TRUE(hold_for_lost_recovery("", "token"));
    EXPECT_EQ(row(id).status, Status::held);
    EXPECT_TRUE(apply(cancel(row(id), CancelledBy::operator_, now(), "a test")));
    EXPECT_TRUE(hold_for_lost_recovery("", "token")) << "there was one, and it has ended";
    EXPECT_EQ(row(id).status, Status::cancelled);
}

TEST_P(DeletionStoreContract, Rule11WhoReleasesAHeldDeletionReadsOfItsLostRecoveryToo) {
    const std::string ann = user();
    const std::string id = due(ann);
    EXPECT_TRUE(apply(hold(row(id), "nobody knows whether it was accepted")));
    EXPECT_TRUE(hold_for_lost_recovery(ann, ""));
    EXPECT_TRUE(hold_for_lost_recovery(ann, ""));
    EXPECT_EQ(row(id).held_reason, "nobody knows whether it was accepted; it is lost");
    EXPECT_EQ(row(id).held_from, Status::scheduled);
    EXPECT_EQ(audited(), "deletion.held deletion.held");
}

}  // namespace
}  // namespace chatear::conformance
