// Rules 4, 7 and 12: which recovery mails are due, what is known of them, and when to look again.
#include "support/conformance/deletion_store_contract.hpp"

#include <algorithm>

namespace chatear::conformance {
namespace {

using runtime::LedgerStatus;

std::vector<std::string> ids_of(const std::vector<MailJob>& jobs) {
    std::vector<std::string> ids;
    for (const MailJob& job : jobs) {
        ids.push_back(job.deletion.id);
    }
    return ids;
}

TEST_P(DeletionStoreContract, Rule4MailsAreDueByTheirTimeThenByTheirDeletion) {
    const Time long_ago = now() - 1h;
    std::vector<std::string> at_once;
    for (const std::string name : {"a", "b", "c"}) {
        at_once.push_back(queued(user(name + "@example.test"), long_ago));
    }
    std::sort(at_once.begin(), at_once.end());
    const std::string latest = queued(user("latest@example.test"), now() - 1min);
    const std::string first = queued(user("first@example.test"), long_ago - 1us);
    queued(user("later@example.test"), now() + 1h);
    due(user("scheduled@example.test"));
    const std::vector<std::string> all{first, at_once[0], at_once[1], at_once[2], latest};
    EXPECT_EQ(ids_of(due_mails()), all);
    EXPECT_EQ(ids_of(due_mails(2)), (std::vector<std::string>{first, at_once[0]}));
}

TEST_P(DeletionStoreContract, Rule4AMailIsDueAsLongAsItsDeletionIsQueued) {
    const std::string ann = user();
    const std::string id = new_deletion(ann);
    EXPECT_EQ(ids_of(due_mails()), std::vector<std::string>{id});
    EXPECT_EQ(ids_of(due_mails()), std::vector<std::string>{id}) << "nobody has sent it";
    EXPECT_TRUE(apply(hold(row(id), "a test")));
    EXPECT_TRUE(due_mails().empty());
    EXPECT_TRUE(apply(release(row(id), now(), "a test").value()));
    EXPECT_EQ(ids_of(due_mails()), std::vector<std::string>{id});
    enter(recovery_of(ann));
    EXPECT_TRUE(due_mails().empty());
}

TEST_P(DeletionStoreContract, Rule4ADueMailComesWithItsUserAndWhatTheLedgerSays) {
    User made;
    made.email = "ann@example.test";
    made.name = "Ann";
    made.locale = "pt-BR";
    made.time_zone = "America/Sao_Paulo";
    made.id = world().add_user(made);
    const std::string id = queued(made.id, now() - 1min);
    const std::vector<MailJob> untried = due_mails();
    ASSERT_EQ(untried.size(), 1U);
    EXPECT_EQ(untried[0].deletion, row(id));
    EXPECT_EQ(untried[0].user, made);
    EXPECT_FALSE(untried[0].record || untried[0].former_record || untried[0].notice_record);
    MailRecord record;
    record.status = LedgerStatus::retrying;
    record.generation = 2;
    record.attempts = 2;
    record.recipient = "ann@example.test";
    record.takeovers = 1;
    record.reply = "450 later";
    record.error = "the mail server wants it later";
    world().set_mail(mail_id(row(id), 1), record);
    world().remove_user(made.id);
    const std::vector<MailJob> tried = due_mails();
    ASSERT_EQ(tried.size(), 1U);
    EXPECT_EQ(tried[0].user, std::nullopt);
    ASSERT_TRUE(tried[0].record);
    EXPECT_EQ(tried[0].record->status, LedgerStatus::retrying);
    EXPECT_EQ(tried[0].record->generation, 2U);
    EXPECT_EQ(tried[0].record->attempts, 2U);
    EXPECT_EQ(tried[0].record->sent_at, std::nullopt);
    EXPECT_EQ(tried[0].record->recipient, "ann@example.test");
    EXPECT_EQ(tried[0].record->takeovers, 1U);
    EXPECT_EQ(tried[0].record->reply, "450 later");
    EXPECT_EQ(tried[0].record->error, "the mail server wants it later");
    EXPECT_FALSE(tried[0].former_record || tried[0].notice_record);
}

TEST_P(DeletionStoreContract, AfterAChangeOfAddressADueMailComesWithItsNoticeAndTheOneBeforeThat) {
    const std::string ann = user("old@example.test");
    const std::string id = due(ann);
    change_address(ann, "new@example.test");
    EXPECT_EQ(execute(id), ExecutionAnswer::changed);
    const std::vector<MailJob> before = due_mails();
    ASSERT_EQ(before.size(), 1U);
    EXPECT_FALSE(before[0].record || before[0].notice_record);
    ASSERT_TRUE(before[0].former_record);
    EXPECT_EQ(before[0].former_record->recipient, "old@example.test");
    world().set_mail(mail_id(row(id), 2), accepted(now(), "old@example.test"));
    const std::vector<MailJob> after = due_mails();
    ASSERT_EQ(after.size(), 1U);
    ASSERT_TRUE(after[0].notice_record);
    EXPECT_EQ(after[0].notice_record->status, LedgerStatus::done);
    EXPECT_FALSE(after[0].record);
    EXPECT_TRUE(apply(resend(row(id), now(), "a test").value()));
    const std::vector<MailJob> resent = due_mails();
    ASSERT_EQ(resent.size(), 1U);
    EXPECT_EQ(resent[0].deletion.mail_number, 4);
    ASSERT_TRUE(resent[0].notice_record) << "the notice stays the second mail";
    EXPECT_EQ(resent[0].notice_record->recipient, "old@example.test");
}

TEST_P(DeletionStoreContract, Rule12TellsHowLongTheNextDueIsAway) {
    const auto next_due = [&] {
        return ask<std::optional<std::chrono::milliseconds>>([&] {
            return store().until_next_due();
        });
    };
    EXPECT_EQ(next_due(), std::nullopt);
    scheduled(user("a@example.test"), 22h);
    EXPECT_GT(next_due(), 119min);
    EXPECT_LE(next_due(), 2h);
    const std::string mail = queued(user("b@example.test"), now() + 1h);
    EXPECT_GT(next_due(), 59min);
    EXPECT_LE(next_due(), 1h);
    EXPECT_TRUE(apply(hold(row(mail), "a test")));
    EXPECT_GT(next_due(), 119min) << "what is held is never due";
    scheduled(user("c@example.test"), 25h);
    EXPECT_EQ(next_due(), 0ms) << "never negative";
}

TEST_P(DeletionStoreContract, AMailIsKeptAsProofUntilItsDeletionHasEnded) {
    const auto let_go = [&] { return ask<std::size_t>([&] { return store().let_go_of_mails(); }); };
    const std::string id = due(user());
    EXPECT_EQ(let_go(), 0U);
    EXPECT_TRUE(apply(hold(row(id), "a test")));
    EXPECT_EQ(let_go(), 0U);
    EXPECT_TRUE(apply(cancel(row(id), CancelledBy::operator_, now(), "a test")));
    MailRecord waits;
    waits.status = LedgerStatus::retrying;
    world().set_mail(mail_id(row(id), 2), waits);
    MailRecord in_hand;
    in_hand.status = LedgerStatus::working;
    world().set_mail(mail_id(row(id), 3), in_hand);
    EXPECT_EQ(let_go(), 2U) << "a process may still be sending the third";
    EXPECT_EQ(let_go(), 0U);
}

TEST_P(DeletionStoreContract, Rule7KnowsWhetherTheRelayAcceptedAMailWithinTheLastHour) {
    const auto before = [&](Time moment) {
        return ask<bool>([&] { return store().relay_accepted_before(moment); });
    };
    const auto lately = [&] { return before(now()); };
    EXPECT_FALSE(lately());
    MailRecord refused;
    refused.status = LedgerStatus::failed;
    world().set_mail("refused", refused);
    world().set_mail("old", accepted(now() - 1h));
    EXPECT_FALSE(lately());
    const Time sent = now() - 59min;
    world().set_mail("new", accepted(sent));
    EXPECT_TRUE(lately());
    EXPECT_TRUE(before(sent));
    EXPECT_FALSE(before(now() - 61min)) << "all were accepted since";
}

}  // namespace
}  // namespace chatear::conformance
