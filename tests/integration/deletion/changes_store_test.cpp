#include "deletion_fixture.hpp"
#include "notification/email_sender.hpp"
#include "runtime/postgres_ledger.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

using ChangesStore = DeletionTest;

TEST_F(ChangesStore, TheEMailOfAChangeGoesToItsUser) {
    Process& a = process();
    due_deletion(user("ann@example.test"));
    const std::string id = due_deletion(user("bob@example.test"));
    run([&]() -> asio::awaitable<void> {
        const std::optional<Deletion> bobs = co_await a.store.find(id);
        std::vector<Change> changes(
            1, cancel(*bobs, CancelledBy::recovery_event, bobs->requested_at)
        );
        const std::vector<bool> happened = co_await a.store.apply(std::move(changes));
        EXPECT_TRUE(happened.at(0));
    });
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

TEST_F(ChangesStore, ReadsHowFarDeadLettersWereSeenAsItStoodBeforeTheirStreamWasNoted) {
    Process& a = process();
    sql("INSERT INTO deletion_state (name, value) VALUES ('dead_letters_seen', '43')");
    run([&]() -> asio::awaitable<void> {
        const DeadLettersSeen seen = co_await a.store.dead_letters_seen();
        const DeadLettersSeen without_stream{43, ""};
        EXPECT_EQ(seen, without_stream);
    });
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
