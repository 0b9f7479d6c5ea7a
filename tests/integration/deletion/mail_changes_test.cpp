// What recovery mails make of their deletions, and what is kept of them.
#include "base/digest.hpp"
#include "deletion_fixture.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

class MailChanges : public DeletionTest {
protected:
    std::string queued_deletion() {
        return sql(
            "INSERT INTO user_deletions (user_id, next_mail_at) VALUES ('" + user() +
            "', now()) RETURNING id"
        );
    }

    Deletion find(const std::string& id) {
        std::optional<Deletion> found;
        run([&]() -> asio::awaitable<void> { found = co_await a_.store.find(id); });
        return *found;
    }

    bool happens(const Change& change) {
        std::vector<bool> happened;
        run([&]() -> asio::awaitable<void> {
            std::vector<Change> changes(1, change);
            happened = co_await a_.store.apply(std::move(changes));
        });
        return happened.at(0);
    }

    TokenState state_of(const std::string& token) {
        TokenState state = TokenState::unknown;
        run([&]() -> asio::awaitable<void> {
            state = co_await a_.store.look_up_token(sha256(token));
        });
        return state;
    }

    std::size_t let_go() {
        std::size_t mails = 0;
        run([&]() -> asio::awaitable<void> { mails = co_await a_.store.let_go_of_mails(); });
        return mails;
    }

    static Change failed_try(const Deletion& deletion) {
        MailResult result;
        result.kind = MailResult::Kind::try_later;
        result.reply = "451 4.7.1 later";
        MailContext context;
        context.now = *deletion.next_mail_at;
        context.random = 0.5;
        return after_mail(deletion, result, context);
    }

    Process& a_ = process();
};

// Two instances may find the same try in the ledger.
TEST_F(MailChanges, Rule4ATryIsCountedOnce) {
    const std::string id = queued_deletion();
    const Deletion before = find(id);
    EXPECT_TRUE(happens(failed_try(before)));
    EXPECT_FALSE(happens(failed_try(before)));
    EXPECT_EQ(find(id).mail_attempts, 1);
    EXPECT_EQ(audited(), "deletion.mail_postponed");
    EXPECT_TRUE(happens(failed_try(find(id))));
    EXPECT_EQ(find(id).mail_attempts, 2);
}

TEST_F(MailChanges, Rule4AChangeThatMissedACountedTryDoesNotHappen) {
    const std::string id = queued_deletion();
    const Deletion before = find(id);
    EXPECT_TRUE(happens(failed_try(before)));
    EXPECT_FALSE(happens(hold(before, "of what was before")));
    EXPECT_FALSE(happens(mail_limited(before, next_utc_day(before.requested_at))));
    EXPECT_FALSE(happens(*resend(before, before.requested_at, "of what was before")));
    EXPECT_EQ(sql("SELECT status, mail_number FROM user_deletions"), "queued|1");
    EXPECT_TRUE(happens(*resend(find(id), before.requested_at, "of what is now")));
}

// Each takeover from a process that died with a content under way asks for a slot of its own.
TEST_F(MailChanges, Rule6AContentThatMayHaveLeftKeepsItsSlotFromItsSuccessor) {
    run([&]() -> asio::awaitable<void> {
        const std::optional<Slot> first = co_await a_.store.take_mail_slot("u", "x.1.0.0", 2);
        EXPECT_EQ(first->number, 1);
        const std::optional<Slot> second = co_await a_.store.take_mail_slot("u", "x.1.0.1", 2);
        EXPECT_EQ(second->number, 2);
        const std::optional<Slot> third = co_await a_.store.take_mail_slot("u", "x.1.0.2", 2);
        EXPECT_EQ(third, std::nullopt);
    });
}

TEST_F(MailChanges, EachTimeThatItIsHeldIsToldAnew) {
    const std::string id = due_deletion(user());
    for (int time = 0; time < 2; ++time) {
        const Deletion scheduled = find(id);
        EXPECT_TRUE(happens(hold(scheduled, "look")));
        EXPECT_TRUE(happens(*release(find(id), scheduled.requested_at, "looked")));
    }
    EXPECT_EQ(
        sql("SELECT string_agg(event_id, ' ' ORDER BY event_id) FROM outbox"),
        id + "/held.1 " + id + "/held.2"
    );
    EXPECT_EQ(
        sql("SELECT count(DISTINCT convert_from(payload, 'UTF8')::jsonb ->> 'event_id') FROM outbox"
        ),
        "2"
    );
}

TEST_F(MailChanges, Rule11ALostRecoveryOfOneThatIsHeldIsAddedToWhyItIs) {
    const std::string ann = user();
    const std::string id = due_deletion(ann);
    EXPECT_TRUE(happens(hold(find(id), "the first reason")));
    run([&]() -> asio::awaitable<void> {
        bool known = co_await a_.store.hold_for_lost_recovery(ann, "", "a recovery is lost");
        EXPECT_TRUE(known);
        known = co_await a_.store.hold_for_lost_recovery(ann, "", "a recovery is lost");
        EXPECT_TRUE(known);
    });
    EXPECT_EQ(
        sql("SELECT held_reason, held_from FROM user_deletions"),
        "the first reason; a recovery is lost|scheduled"
    );
    EXPECT_EQ(audited(), "deletion.held deletion.held");
    EXPECT_EQ(told(), "user.deletion.held user.deletion.held");
}

TEST_F(MailChanges, Rule5AllTokensOfADeletionStayValidUntilItEnds) {
    const std::string id = queued_deletion();
    const std::string others = due_deletion(user("bob@example.test"));
    const std::vector<std::string> tokens{"first", "second", "third"};
    const auto all_are = [&](TokenState state) {
        for (const std::string& token : tokens) {
            EXPECT_EQ(state_of(token), state) << token;
        }
    };
    run([&]() -> asio::awaitable<void> {
        for (const std::string& token : tokens) {
            co_await a_.store.add_token(id, sha256(token));
        }
        co_await a_.store.add_token(others, sha256("another's"));
    });
    for (const std::string status : {"queued", "scheduled", "held"}) {
        sql("UPDATE user_deletions SET status = '" + status + "' WHERE id = '" + id + "'");
        all_are(TokenState::usable);
    }
    for (const std::string status : {"executed", "failed"}) {
        sql("UPDATE user_deletions SET status = '" + status + "' WHERE id = '" + id + "'");
        all_are(status == "executed" ? TokenState::too_late : TokenState::cancelled);
    }
    sql("UPDATE user_deletions SET status = 'scheduled' WHERE id = '" + id + "'");
    run([&]() -> asio::awaitable<void> {
        const RequestReply reply = co_await enter_one(a_.store, recovery_by(sha256("second")));
        EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    });
    EXPECT_EQ(state_of("second"), TokenState::used);
    EXPECT_EQ(state_of("first"), TokenState::cancelled);
    EXPECT_EQ(state_of("another's"), TokenState::usable);
}

TEST_F(MailChanges, MailsOfDeletionsThatEndedAreLetGoOfAlsoThoseBegunAfterwards) {
    const std::string open = due_deletion(user());
    const std::string ended = due_deletion(user("bob@example.test"));
    EXPECT_EQ(let_go(), 0U);
    EXPECT_TRUE(happens(cancel(find(ended), CancelledBy::operator_, find(ended).requested_at)));
    // Claims of processes that had read the row before: one waits, one runs, one died long ago.
    sql("INSERT INTO email_sends (event_id, status, recipient, kept, updated_at) VALUES ('" +
        ended + ".2', 'deferred', 'bob@example.test', true, now()), ('" + ended +
        ".3', 'sending', 'bob@example.test', true, now()), ('" + ended +
        ".4', 'sending', 'bob@example.test', true, now() - interval '2 hours')");
    EXPECT_EQ(let_go(), 3U);
    EXPECT_EQ(
        sql("SELECT right(event_id, 1), status, kept FROM email_sends WHERE event_id LIKE '" +
            ended + "%' ORDER BY 1"),
        "1|sent|f\n2|failed|f\n3|sending|t\n4|failed|f"
    );
    EXPECT_EQ(sql("SELECT kept FROM email_sends WHERE event_id = '" + open + ".1'"), "t");
    sql("UPDATE email_sends SET status = 'sent' WHERE status = 'sending'");
    EXPECT_EQ(let_go(), 1U);
    EXPECT_EQ(let_go(), 0U);
}

}  // namespace
}  // namespace chatear::deletion
