// Rules 8 to 11: what is executed, what is not, and what becomes of it.
#include "support/conformance/deletion_store_contract.hpp"

#include <algorithm>

namespace chatear::conformance {
namespace {

TEST_P(DeletionStoreContract, Rule8DueOnesComeByTheirTimeThenByTheirId) {
    std::vector<std::string> at_once;
    const std::string last = scheduled(user("last@example.test"), 24h);
    const Time sent_at = now() - 25h;
    for (const std::string name : {"a", "b", "c"}) {
        Deletion made = row(last);
        made.user_id = user(name + "@example.test");
        made.recovery_sent_at = sent_at;
        made.scheduled_at = sent_at + 24h;
        at_once.push_back(world().add_deletion(made));
    }
    std::sort(at_once.begin(), at_once.end());
    const std::string first = scheduled(user("first@example.test"), 26h);
    scheduled(user("not-yet@example.test"), 23h);
    queued(user("queued@example.test"), now() - 1h);
    const std::vector<std::string> all{first, at_once[0], at_once[1], at_once[2], last};
    EXPECT_EQ(due_executions("", 10), all);
    EXPECT_EQ(due_executions("", 2), (std::vector<std::string>{first, at_once[0]}));
    EXPECT_EQ(due_executions(at_once[0], 10), std::vector<std::string>(all.begin() + 2, all.end()));
    EXPECT_TRUE(due_executions(last, 10).empty());
}

TEST_P(DeletionStoreContract, Rule8ThoseBehindOneThatChangedMeanwhileComeNext) {
    std::vector<std::string> ids;
    for (const auto ago : {27h, 26h, 25h, 24h}) {
        ids.push_back(scheduled(user(std::to_string(ids.size()) + "@example.test"), ago));
    }
    EXPECT_EQ(due_executions("", 2), (std::vector<std::string>{ids[0], ids[1]}));
    EXPECT_TRUE(apply(hold(row(ids[1]), "held in between")));
    EXPECT_TRUE(apply(resend(row(ids[1]), now(), "a test").value()));
    EXPECT_EQ(row(ids[1]).scheduled_at, std::nullopt);
    EXPECT_EQ(due_executions(ids[1], 10), (std::vector<std::string>{ids[2], ids[3]}));
}

TEST_P(DeletionStoreContract, Rule8AnExecutionIsWhole) {
    const std::string ann = user();
    const std::string id = due(ann);
    EXPECT_EQ(day_state().executed, 0);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
    EXPECT_TRUE(world().user(ann)->is_deleted);
    EXPECT_EQ(row(id).status, Status::executed);
    EXPECT_TRUE(row(id).executed_at.has_value());
    EXPECT_EQ(day_state().executed, 1);
    ASSERT_EQ(audited(), "deletion.executed");
    EXPECT_EQ(world().log().front().user_id, ann);
    EXPECT_EQ(meta(world().log().front(), "deletion_id"), id);
    EXPECT_EQ(told(), "email.send user.deleted");
}

TEST_P(DeletionStoreContract, Rule8WhatIsExecutedIsNeverExecutedAgain) {
    const std::string id = due(user());
    execute(id);
    const Deletion executed = row(id);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed_elsewhere);
    stop("a test");
    EXPECT_EQ(execute(id), ExecutionAnswer::executed_elsewhere);
    EXPECT_EQ(row(id), executed);
    EXPECT_EQ(day_state().executed, 1);
    EXPECT_EQ(audited(), "deletion.executed executions.stopped");
}

TEST_P(DeletionStoreContract, Rule8OnAnotherDayThanItsRedisKeyWasReadForNothingIsExecuted) {
    const std::string id = due(user());
    ExecutionRequest request;
    request.deletion_id = id;
    request.day = "2026-01-01";
    EXPECT_EQ(execute(request), ExecutionAnswer::day_over);
    EXPECT_EQ(row(id).status, Status::scheduled);
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
}

TEST_P(DeletionStoreContract, Rule8NobodyIsBusyWithAnExecutionThatHasItsAnswer) {
    const std::string not_due = scheduled(user(), 23h);
    ExecutionRequest request;
    request.deletion_id = due(user("b@example.test"));
    request.day = "2026-01-01";
    for (int time = 0; time < 50; ++time) {
        ASSERT_EQ(execute(not_due), ExecutionAnswer::not_yet);
        ASSERT_EQ(execute(request), ExecutionAnswer::day_over);
    }
}

TEST_P(DeletionStoreContract, Rule9NeverMoreThanTheLimitADay) {
    const std::string first = due(user("a@example.test"));
    const std::string second = due(user("b@example.test"));
    const std::string third = due(user("c@example.test"));
    EXPECT_EQ(execute(first, 2), ExecutionAnswer::executed);
    EXPECT_EQ(execute(second, 2), ExecutionAnswer::executed);
    EXPECT_EQ(execute(third, 2), ExecutionAnswer::limit_reached);
    EXPECT_EQ(execute(third, 1), ExecutionAnswer::limit_reached);
    EXPECT_EQ(row(third).status, Status::scheduled);
    EXPECT_EQ(day_state().executed, 2);
    world().let_days_pass(1);
    EXPECT_EQ(day_state().executed, 0);
    EXPECT_EQ(execute(third, 2), ExecutionAnswer::executed);
    EXPECT_EQ(day_state().executed, 1);
}

TEST_P(DeletionStoreContract, Rule10WhatIsNotDueIsNotExecuted) {
    const std::string id = due(user());
    ExecutionRequest request;
    request.deletion_id = id;
    request.day = today();
    request.due_by = now() - 1h;
    EXPECT_EQ(execute(request), ExecutionAnswer::not_yet) << "its pass did not look at it";
    EXPECT_EQ(execute(scheduled(user("b@example.test"), 23h)), ExecutionAnswer::not_yet);
    EXPECT_EQ(execute(queued(user("c@example.test"), now() - 1h)), ExecutionAnswer::not_yet);
    EXPECT_EQ(execute(world().nobody()), ExecutionAnswer::not_yet);
    EXPECT_EQ(audited(), "");
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
}

TEST_P(DeletionStoreContract, Rule10ScheduledAtAloneIsNotBelievedAndIsPutRight) {
    const std::string id = due(user());
    ExecutionRequest request;
    request.deletion_id = id;
    request.day = today();
    request.recovery_period = 25h;
    EXPECT_EQ(execute(request), ExecutionAnswer::changed);
    EXPECT_EQ(row(id).status, Status::scheduled);
    EXPECT_EQ(row(id).scheduled_at, *row(id).recovery_sent_at + 25h);
    EXPECT_EQ(execute(request), ExecutionAnswer::not_yet);
    EXPECT_EQ(audited(), "deletion.put_off");
    EXPECT_EQ(day_state().executed, 0);
}

TEST_P(DeletionStoreContract, Rule10WhatIsHeldOrHasEndedIsNotExecuted) {
    const std::string held = due(user("a@example.test"));
    EXPECT_TRUE(apply(hold(row(held), "a test")));
    EXPECT_EQ(execute(held), ExecutionAnswer::not_yet);
    const std::string cancelled = due(user("b@example.test"));
    EXPECT_TRUE(apply(cancel(row(cancelled), CancelledBy::operator_, now(), "a test")));
    EXPECT_EQ(execute(cancelled), ExecutionAnswer::not_yet);
    EXPECT_EQ(day_state().executed, 0);
}

TEST_P(DeletionStoreContract, Rule10WithoutProofOfItsMailADeletionBeginsAnew) {
    const std::string id = due(user());
    MailRecord refused;
    refused.status = runtime::LedgerStatus::failed;
    world().set_mail(mail_id(row(id), 1), refused);
    EXPECT_EQ(execute(id), ExecutionAnswer::changed);
    EXPECT_EQ(row(id).status, Status::queued);
    EXPECT_EQ(row(id).mail_number, 2);
    EXPECT_EQ(audited(), "deletion.adopted");
    EXPECT_EQ(day_state().executed, 0);
}

TEST_P(DeletionStoreContract, Rule10AnAuditedRefusalProvesTheMailThatWasRefusedAlone) {
    const std::string ann = user();
    const std::string id = queued(ann, now() - 25h);
    MailResult nobody;
    nobody.kind = MailResult::Kind::nobody;
    nobody.at = now() - 24h;
    nobody.address_hash = address_hash("ann@example.test");
    MailContext context;
    context.now = now();
    context.relay_accepted_lately = true;
    const Change refused = after_mail(row(id), nobody, context);
    EXPECT_TRUE(apply(refused));
    ASSERT_EQ(audited(), "deletion.mail_refused");
    Change of_the_next = refused;
    of_the_next.before = row(id);
    of_the_next.after.mail_number = 2;
    of_the_next.audit.front().action = "deletion.mail_accepted";
    EXPECT_TRUE(apply(of_the_next));
    EXPECT_EQ(execute(id), ExecutionAnswer::changed) << "nothing proves mail 2";
    EXPECT_EQ(row(id).status, Status::queued);
    const std::string bobs = queued(user("ann@example.test"), now() - 25h);
    EXPECT_TRUE(apply(after_mail(row(bobs), nobody, context)));
    EXPECT_EQ(execute(bobs), ExecutionAnswer::executed);
}

TEST_P(DeletionStoreContract, Rule10AnOperatorWhoVouchesForAMailProvesIt) {
    const std::string id = queued(user(), now() - 25h);
    Change held = hold(row(id), "nobody knows whether it was accepted");
    held.after.address_hash = address_hash("ann@example.test");
    EXPECT_TRUE(apply(held));
    EXPECT_TRUE(apply(accept_mail(row(id), now() - 24h, 24h, "seen in the relay's log").value()));
    EXPECT_EQ(execute(id), ExecutionAnswer::executed);
    EXPECT_EQ(audited(), "deletion.held deletion.mail_accepted_by_operator deletion.executed");
}

TEST_P(DeletionStoreContract, AChangedAddressIsMailedOnceAndASecondChangeIsHeld) {
    const std::string ann = user();
    const std::string id = due(ann);
    change_address(ann, "new@example.test");
    EXPECT_EQ(execute(id), ExecutionAnswer::changed);
    EXPECT_EQ(row(id).status, Status::queued);
    EXPECT_EQ(row(id).mail_number, 3);
    EXPECT_EQ(row(id).address_changes, 1);
    MailResult result;
    result.kind = MailResult::Kind::accepted;
    result.at = now() - 24h;
    result.address_hash = address_hash("new@example.test");
    MailContext context;
    context.now = now();
    EXPECT_TRUE(apply(after_mail(row(id), result, context)));
    world().set_mail(mail_id(row(id), 3), accepted(result.at, "new@example.test"));
    change_address(ann, "newest@example.test");
    EXPECT_EQ(execute(id), ExecutionAnswer::changed);
    EXPECT_EQ(row(id).status, Status::held);
    EXPECT_FALSE(world().user(ann)->is_deleted);
    EXPECT_EQ(day_state().executed, 0);
    EXPECT_EQ(audited(), "deletion.address_changed deletion.mail_accepted deletion.held");
}

TEST_P(DeletionStoreContract, AnAccountThatIsGoneDeletedOrWithoutAddressTakesNoSlot) {
    const std::string gone = user("gone@example.test");
    const std::string of_gone = due(gone);
    world().remove_user(gone);
    EXPECT_EQ(execute(of_gone), ExecutionAnswer::changed);
    EXPECT_EQ(row(of_gone).status, Status::failed);
    const std::string deleted = user("deleted@example.test");
    const std::string of_deleted = due(deleted);
    User changed = world().user(deleted).value();
    changed.is_deleted = true;
    world().set_user(changed);
    EXPECT_EQ(execute(of_deleted), ExecutionAnswer::changed);
    EXPECT_EQ(row(of_deleted).status, Status::failed);
    const std::string mute = user("mute@example.test");
    const std::string of_mute = due(mute);
    change_address(mute, std::nullopt);
    EXPECT_EQ(execute(of_mute), ExecutionAnswer::changed);
    EXPECT_EQ(row(of_mute).status, Status::held);
    EXPECT_EQ(day_state().executed, 0);
    EXPECT_EQ(audited(), "deletion.failed deletion.failed deletion.held");
}

}  // namespace
}  // namespace chatear::conformance
