#include "base/digest.hpp"
#include "deletion_fixture.hpp"
#include "notification/email_sender.hpp"
#include "runtime/postgres_ledger.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

using ChangesStore = DeletionTest;

TEST_F(ChangesStore, AChangeHappensOnceAndOnlyToTheRowAsItWas) {
    Process& a = process();
    const std::string id = due_deletion(user());
    run([&]() -> asio::awaitable<void> {
        const std::optional<Deletion> before = co_await a.store.find(id);
        const Change held = hold(*before, "why");
        std::vector<Change> twice(2, held);
        const std::vector<bool> happened = co_await a.store.apply(std::move(twice));
        EXPECT_EQ(happened, (std::vector<bool>{true, false}));
        std::vector<Change> again(1, held);
        const std::vector<bool> later = co_await a.store.apply(std::move(again));
        EXPECT_EQ(later, std::vector<bool>{false});
        const std::optional<Deletion> after = co_await a.store.find(id);
        EXPECT_EQ(*after, held.after);
    });
    EXPECT_EQ(audited(), "deletion.held");
    EXPECT_EQ(told(), "user.deletion.held");
}

TEST_F(ChangesStore, ABatchDoesWhatItCan) {
    Process& a = process();
    const std::string first = due_deletion(user("ann@example.test"));
    const std::string second = due_deletion(user("bob@example.test"));
    run([&]() -> asio::awaitable<void> {
        const std::optional<Deletion> one = co_await a.store.find(first);
        const std::optional<Deletion> two = co_await a.store.find(second);
        Change stale = hold(*one, "stale");
        stale.before.mail_number = 7;
        std::vector<Change> changes;
        changes.push_back(stale);
        changes.push_back(cancel(*two, CancelledBy::recovery_event, two->requested_at));
        const std::vector<bool> happened = co_await a.store.apply(std::move(changes));
        EXPECT_EQ(happened, (std::vector<bool>{false, true}));
    });
    EXPECT_EQ(audited(), "deletion.cancelled");
    EXPECT_EQ(told(), "email.send user.deletion.cancelled");
    EXPECT_EQ(
        sql("SELECT convert_from(payload, 'UTF8')::jsonb ->> 'recipient' FROM outbox WHERE subject "
            "= 'email.send'"),
        "bob@example.test"
    );
}

TEST_F(ChangesStore, WhatNoJsonbHoldsDoesNotStopAChange) {
    Process& a = process();
    const std::string id = due_deletion(user());
    run([&]() -> asio::awaitable<void> {
        const std::optional<Deletion> before = co_await a.store.find(id);
        std::vector<Change> changes(1, hold(*before, std::string("550 \xff\0 no", 9)));
        const std::vector<bool> happened = co_await a.store.apply(std::move(changes));
        EXPECT_TRUE(happened.at(0));
    });
    EXPECT_EQ(sql("SELECT status FROM user_deletions"), "held");
}

TEST_F(ChangesStore, DueMailsComeWithTheirUserAndTheirRecords) {
    Process& a = process();
    const std::string ann = user();
    sql("UPDATE users SET name = 'Ann', locale = 'pt-BR', time_zone = 'America/Sao_Paulo'");
    const std::string id =
        sql("INSERT INTO user_deletions (user_id, next_mail_at, mail_number, address_changes) "
            "VALUES ('" +
            ann + "', now(), 3, 1) RETURNING id");
    sql("INSERT INTO user_deletions (user_id, next_mail_at) VALUES (gen_random_uuid(), now() + "
        "interval '1 hour')");
    sql("INSERT INTO user_deletions (user_id, next_mail_at) VALUES (gen_random_uuid(), now() - "
        "interval '1 hour')");
    sql("INSERT INTO email_sends (event_id, status, recipient, attempts, smtp_reply) VALUES ('" +
        id + ".1', 'sent', 'old@example.test', 1, '250 ok'), ('" + id +
        ".3', 'retrying', 'ann@example.test', 2, '450 later')");
    std::vector<MailJob> jobs;
    run([&]() -> asio::awaitable<void> { jobs = co_await a.store.due_mails(10); });
    ASSERT_EQ(jobs.size(), 2u);
    EXPECT_EQ(jobs[0].user, std::nullopt);
    EXPECT_EQ(jobs[1].deletion.id, id);
    EXPECT_EQ(
        jobs[1].user, (User{ann, "ann@example.test", false, "Ann", "pt-BR", "America/Sao_Paulo"})
    );
    ASSERT_TRUE(jobs[1].record && jobs[1].former_record);
    EXPECT_EQ(jobs[1].record->status, runtime::LedgerStatus::retrying);
    EXPECT_EQ(jobs[1].record->attempts, 2u);
    EXPECT_EQ(jobs[1].record->reply, "450 later");
    EXPECT_EQ(jobs[1].former_record->recipient, "old@example.test");
    EXPECT_FALSE(jobs[1].notice_record);
}

TEST_F(ChangesStore, TellsWhenTheNextIsDue) {
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        const auto nothing = co_await a.store.until_next_due();
        EXPECT_EQ(nothing, std::nullopt);
    });
    sql("INSERT INTO user_deletions (user_id, status, scheduled_at) VALUES (gen_random_uuid(), "
        "'scheduled', now() + interval '1 hour')");
    run([&]() -> asio::awaitable<void> {
        const auto hour = co_await a.store.until_next_due();
        EXPECT_GT(*hour, std::chrono::minutes(59));
        EXPECT_LE(*hour, std::chrono::hours(1));
    });
    sql("INSERT INTO user_deletions (user_id, next_mail_at) VALUES (gen_random_uuid(), now() - "
        "interval '1 hour')");
    run([&]() -> asio::awaitable<void> {
        const auto now = co_await a.store.until_next_due();
        EXPECT_EQ(now, std::chrono::milliseconds(0));
    });
}

// Rule 11.
TEST_F(ChangesStore, ALostRecoveryHoldsItsUsersDeletion) {
    Process& a = process();
    const std::string ann = user();
    const std::string bob = user("bob@example.test");
    const std::string of_ann = due_deletion(ann);
    const std::string of_bob = due_deletion(bob);
    run([&]() -> asio::awaitable<void> {
        bool known = co_await a.store.hold_for_lost_recovery(ann, "", "lost");
        EXPECT_TRUE(known);
        known = co_await a.store.hold_for_lost_recovery(ann, "", "lost");  // Held already.
        EXPECT_TRUE(known);
        co_await a.store.add_token(of_bob, sha256("t"));
        known = co_await a.store.hold_for_lost_recovery("", sha256("t"), "lost");
        EXPECT_TRUE(known);
        known = co_await a.store.hold_for_lost_recovery("nobody", "", "lost");
        EXPECT_FALSE(known);
        known = co_await a.store.hold_for_lost_recovery("", sha256("unknown"), "lost");
        EXPECT_FALSE(known);
    });
    EXPECT_EQ(
        sql("SELECT DISTINCT status, held_from, held_reason FROM user_deletions"),
        "held|scheduled|lost"
    );
    EXPECT_EQ(audited(), "deletion.held deletion.held");
}

TEST_F(ChangesStore, RemembersWhatTheWholeHasToKnow) {
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        DeadLettersSeen seen = co_await a.store.dead_letters_seen();
        EXPECT_EQ(seen, DeadLettersSeen());
        seen = {41, "2026-11-25T03:40:00.123456789Z"};
        co_await a.store.set_dead_letters_seen(seen);
        seen.sequence = 42;
        co_await a.store.set_dead_letters_seen(seen);
        const DeadLettersSeen later = co_await a.store.dead_letters_seen();
        EXPECT_EQ(later, seen);
        // As it stood before the stream was noted too.
        sql("UPDATE deletion_state SET value = '43' WHERE name = 'dead_letters_seen'");
        seen = co_await a.store.dead_letters_seen();
        const DeadLettersSeen without_stream{43, ""};
        EXPECT_EQ(seen, without_stream);
        co_await a.store.stop_executions("the clock jumped");
        co_await a.store.stop_executions("a recovery is lost");
        co_await a.store.stop_executions("the clock jumped");
        DayState state = co_await a.store.day_state();
        EXPECT_EQ(state.executions_stopped, "the clock jumped; a recovery is lost");
        bool resumed = co_await a.store.resume_executions("it is right now");
        EXPECT_TRUE(resumed);
        resumed = co_await a.store.resume_executions("it is right now");
        EXPECT_FALSE(resumed);
        state = co_await a.store.day_state();
        EXPECT_EQ(state.executions_stopped, std::nullopt);
    });
    EXPECT_EQ(audited(), "executions.stopped executions.stopped executions.resumed");
}

TEST_F(ChangesStore, ARecoveryThatWaitsInTheOutboxIsSeen) {
    Process& a = process();
    const auto waits = [&]() {
        bool seen = false;
        run([&]() -> asio::awaitable<void> {
            const DayState state = co_await a.store.day_state();
            seen = state.recovery_in_outbox;
        });
        return seen;
    };
    EXPECT_FALSE(waits());
    sql("INSERT INTO outbox (subject, payload) VALUES ('user.recover', '')");
    EXPECT_TRUE(waits());
    sql("UPDATE outbox SET refused_reason = 'too large'");  // A producer's own: nobody has it.
    EXPECT_TRUE(waits());
    sql("UPDATE outbox SET kind = 'event'");  // Its dead letter goes its own way.
    EXPECT_FALSE(waits());
    sql("INSERT INTO outbox (subject, payload, kind) VALUES ('dlq.user.recover', '', 'dead_letter')"
    );
    EXPECT_TRUE(waits());
}

TEST_F(ChangesStore, AnotherMailThatWasAcceptedWithinTheHourIsKnown) {
    Process& a = process();
    const auto lately = [&]() {
        bool accepted = false;
        run([&]() -> asio::awaitable<void> { accepted = co_await a.store.relay_accepted_lately(); }
        );
        return accepted;
    };
    sql("INSERT INTO email_sends (event_id, status, sent_at, updated_at) VALUES "
        "('old', 'sent', now() - interval '61 minutes', now()), ('bad', 'failed', NULL, now())");
    EXPECT_FALSE(lately());
    sql("INSERT INTO email_sends (event_id, status, sent_at) VALUES ('new', 'sent', now() - "
        "interval '1 minute')");
    EXPECT_TRUE(lately());
}

TEST_F(ChangesStore, MailsThatAreProofOutliveTheRetentionOfTheLedger) {
    Process& a = process();
    sql("INSERT INTO email_sends (event_id, status, kept, updated_at) VALUES "
        "('proof', 'sent', true, now() - interval '1 year'), ('old', 'sent', false, now() - "
        "interval '1 year')");
    const runtime::Identity identity{"a", "test", "host.test"};
    runtime::PostgresLedger ledger(
        a.pool, identity, notification::email_ledger(), std::chrono::hours(24)
    );
    run([&]() -> asio::awaitable<void> {
        const std::size_t removed = co_await ledger.remove_final_rows(std::chrono::hours(24), 10);
        EXPECT_EQ(removed, 1u);
    });
    EXPECT_EQ(sql("SELECT event_id FROM email_sends"), "proof");
}

TEST_F(ChangesStore, TheHeadOfTheAuditLogIsToldOnceADay) {
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        const std::optional<AuditHead> told = co_await a.store.tell_audit_head();
        EXPECT_EQ(told->chain_seq, 1);
        EXPECT_EQ(told->hash.size(), 32u);
        const std::optional<AuditHead> again = co_await a.store.tell_audit_head();
        EXPECT_EQ(again, std::nullopt);
    });
    EXPECT_EQ(
        sql("SELECT subject, event_id, convert_from(payload, 'UTF8')::jsonb ->> 'hash' = "
            "(SELECT encode(hash, 'hex') FROM action_logs) FROM outbox"),
        "audit.head|audit.head/" + today() + "|t"
    );
    sql("UPDATE deletion_state SET value = '2026-01-01'");
    run([&]() -> asio::awaitable<void> {
        const std::optional<AuditHead> next_day = co_await a.store.tell_audit_head();
        EXPECT_TRUE(next_day);
    });
}

}  // namespace
}  // namespace chatear::deletion
