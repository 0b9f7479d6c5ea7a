#include "deletion_fixture.hpp"
#include "net/task_group.hpp"

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

class IntakeStore : public DeletionTest {
protected:
    /// How often a deletion was inserted, also where that was rolled back.
    void count_tries() {
        sql("CREATE SEQUENCE tries; CREATE FUNCTION try() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN PERFORM nextval('tries'); "
            "RETURN NEW; END $$; CREATE TRIGGER try BEFORE INSERT ON user_deletions FOR EACH ROW "
            "EXECUTE FUNCTION try()");
    }

    /// A transaction that has the audit log's lock.
    static asio::awaitable<postgres::Transaction> auditing(Process& product) {
        postgres::Transaction transaction = co_await product.pool.begin();
        const std::string log =
            "INSERT INTO action_logs (action, meta) VALUES ('product.login', '{}')";
        (void)co_await transaction.query(log, postgres::Params());
        co_return transaction;
    }

    void enter(Process& by, std::vector<Request> batch) {
        run([&]() -> asio::awaitable<void> {
            (void)co_await by.store.enter(std::move(batch), std::nullopt);
        });
    }
};

TEST_F(IntakeStore, ANewDeletionStandsWithItsRequestItsAuditAndWhatIsTold) {
    Process& a = process();
    const std::string ann = user();
    RequestReply reply;
    run([&]() -> asio::awaitable<void> { reply = co_await enter_one(a.store, deletion_of(ann)); });
    EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    EXPECT_FALSE(reply.entered_before);
    EXPECT_EQ(
        sql("SELECT id, user_id, status, next_mail_at <= now(), recovery_sent_at FROM "
            "user_deletions"),
        reply.deletion_id + "|" + ann + "|queued|t|"
    );
    EXPECT_EQ(
        sql("SELECT event_id, user_id, kind, outcome, deletion_id FROM deletion_requests"),
        "d1|" + ann + "|delete|accepted|" + reply.deletion_id
    );
    EXPECT_EQ(audited(), "deletion.requested");
    EXPECT_EQ(
        sql("SELECT user_id, meta ->> 'deletion_id', meta ->> 'event_id' FROM action_logs WHERE "
            "user_id IS NOT NULL"),
        ann + "|" + reply.deletion_id + "|d1"
    );
    EXPECT_EQ(
        sql("SELECT subject, kind, event_id, convert_from(payload, 'UTF8')::jsonb ->> 'user_id' "
            "FROM outbox"),
        "user.deletion.requested|domain_event|" + reply.deletion_id + "/requested|" + ann
    );
}

TEST_F(IntakeStore, ATextThatCannotBeAnIdIsAnUnknownUser) {
    Process& a = process();
    for (const std::string text : {"ann", "", "7", "6f3b2c1e-0000-4000-8000-00000000000g"}) {
        RequestReply reply;
        run([&]() -> asio::awaitable<void> {
            reply = co_await enter_one(a.store, deletion_of(text, "of " + text));
        });
        EXPECT_EQ(reply.outcome, RequestOutcome::rejected) << text;
    }
    EXPECT_EQ(sql("SELECT count(*) FROM action_logs WHERE action = 'deletion.rejected'"), "4");
}

TEST_F(IntakeStore, AUuidInCapitalsIsTheSameUser) {
    Process& a = process();
    const std::string ann = user();
    const std::string capitals = sql("SELECT upper('" + ann + "')");
    run([&]() -> asio::awaitable<void> {
        (void)co_await enter_one(a.store, deletion_of(ann));
        const RequestReply second = co_await enter_one(a.store, deletion_of(capitals, "d2"));
        EXPECT_EQ(second.outcome, RequestOutcome::pending);
    });
}

// Two processes, one user: the one who comes second finds the deletion of the first.
TEST_F(IntakeStore, TwoProcessesMakeOneDeletionOfOneUser) {
    Process& a = process();
    Process& b = process();
    std::vector<std::string> users;
    for (int n = 0; n < 20; ++n) {
        users.push_back(user());
    }
    std::vector<RequestReply> replies;
    const auto enter = [&](Process& process, std::string prefix) -> asio::awaitable<void> {
        std::vector<Request> batch;
        for (const std::string& id : users) {
            batch.push_back(deletion_of(id, prefix + id));
        }
        const std::vector<RequestReply> some =
            co_await process.store.enter(std::move(batch), std::nullopt);
        replies.insert(replies.end(), some.begin(), some.end());
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        tasks.start("a", enter(a, "a"));
        std::reverse(users.begin(), users.end());
        tasks.start("b", enter(b, "b"));
        co_await tasks.join();
    });
    std::size_t accepted = 0;
    for (const RequestReply& reply : replies) {
        accepted += reply.outcome == RequestOutcome::accepted ? 1 : 0;
    }
    EXPECT_EQ(replies.size(), 40u);
    EXPECT_EQ(accepted, 20u);
    EXPECT_EQ(sql("SELECT count(*), count(DISTINCT user_id) FROM user_deletions"), "20|20");
    EXPECT_EQ(verified().broken, std::nullopt);
}

// As they are in one process, on the connections of its one pool.
TEST_F(IntakeStore, OfTwoBatchesAboutTheSameUsersEachFindsWhatTheOtherLeft) {
    for (const std::size_t connections : {1U, 2U, 4U}) {
        Process& a = process(connections);
        std::vector<Request> first, recoveries, deletions;
        for (int n = 0; n < 30; ++n) {
            const std::string id = user();
            first.push_back(deletion_of(id, "first of " + id));
            recoveries.push_back(recovery_of(id, "recovery of " + id));
            deletions.insert(deletions.begin(), deletion_of(id, "second of " + id));
        }
        enter(a, first);
        run([&]() -> asio::awaitable<void> {
            const auto enter_all = [&](std::vector<Request> batch) -> asio::awaitable<void> {
                (void)co_await a.store.enter(std::move(batch), std::nullopt);
            };
            net::TaskGroup tasks(context_.get_executor());
            tasks.start("recoveries", enter_all(recoveries));
            tasks.start("deletions", enter_all(deletions));
            co_await tasks.join();
        });
    }
    EXPECT_EQ(
        sql("SELECT kind, count(*) FROM deletion_requests GROUP BY kind ORDER BY kind"),
        "delete|180\nrecover|90"
    );
    EXPECT_EQ(
        sql("SELECT count(*) FROM user_deletions d WHERE status <> 'cancelled' AND NOT EXISTS "
            "(SELECT FROM deletion_requests r "
            "WHERE r.outcome = 'accepted' AND r.event_id = 'second of ' || d.user_id)"),
        "0"
    );
    EXPECT_EQ(verified().broken, std::nullopt);
}

// It is everybody's lock: whoever waits for it is not in the way of itself, and what it did stays.
TEST_F(IntakeStore, TheAuditLogIsWaitedForAsLongAsUsualAndNothingIsDoneTwice) {
    Process& a = process();
    Process& product = process();
    const std::string ann = user();
    count_tries();
    run([&]() -> asio::awaitable<void> {
        postgres::Transaction theirs = co_await auditing(product);
        const auto enter_meanwhile = [&]() -> asio::awaitable<void> {
            const RequestReply reply = co_await enter_one(a.store, deletion_of(ann));
            EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
        };
        net::TaskGroup tasks(context_.get_executor());
        tasks.start("enter", enter_meanwhile());
        // Longer than a row is waited for.
        (void)co_await theirs.query("SELECT pg_sleep(1.5)", postgres::Params());
        (void)co_await theirs.commit();
        co_await tasks.join();
    });
    EXPECT_EQ(sql("SELECT last_value FROM tries"), "1");
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(IntakeStore, AnAuditLogThatOthersKeepIsAnOutageAndTheBatchIsNotDoneAgain) {
    Process& product = process();
    const std::string ann = user();
    count_tries();
    postgres::ConnectionOptions hasty = options(2);
    hasty.lock_timeout = std::chrono::milliseconds(300);
    Process a(context_.get_executor(), hasty);
    run([&]() -> asio::awaitable<void> {
        a.pool.start();
        postgres::Transaction theirs = co_await auditing(product);
        std::string why;
        try {
            (void)co_await enter_one(a.store, deletion_of(ann));
        } catch (const Unavailable& unavailable) {
            why = unavailable.why();
        }
        EXPECT_EQ(why, "others have the audit log's lock");
        co_await theirs.rollback();
        co_await a.pool.stop();
    });
    EXPECT_EQ(sql("SELECT last_value FROM tries"), "1");
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions"), "0");
}

// As a foreign key of the product's makes it: our row needs that of the account to stay.
TEST_F(IntakeStore, OneWhoseAccountIsLockedSaysSoSoonAndKeepsNothingOfItsBatch) {
    Process& a = process();
    Process& product = process();
    const std::string ann = user();
    const std::string bob = user("bob@example.test");
    sql("ALTER TABLE user_deletions ADD FOREIGN KEY (user_id) REFERENCES users");
    std::optional<postgres::Transaction> theirs;
    run([&]() -> asio::awaitable<void> {
        theirs = co_await product.pool.begin();
        const std::string lock = "SELECT FROM users WHERE id = '" + ann + "' FOR UPDATE";
        const postgres::QueryResult locked = co_await theirs->query(lock, postgres::Params());
        EXPECT_TRUE(locked);
    });
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_THROW(enter(a, {deletion_of(ann, "d1"), deletion_of(bob, "d2")}), RequestBlocked);
    EXPECT_THROW(enter(a, {deletion_of(ann, "d1")}), RequestBlocked);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(4));
    EXPECT_EQ(sql("SELECT count(*) FROM deletion_requests"), "0");
    enter(a, {deletion_of(bob, "d2")});
    run([&]() -> asio::awaitable<void> { co_await theirs->rollback(); });
    enter(a, {deletion_of(ann, "d1")});
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions"), "2");
}

// The scheduler takes no user's lock: a recovery that was decided on an older row is decided again.
TEST_F(IntakeStore, ARecoveryWinsOverAChangeThatCameBetween) {
    Process& a = process();
    const std::string ann = user();
    run([&]() -> asio::awaitable<void> { (void)co_await enter_one(a.store, deletion_of(ann)); });
    // Holds the row, so that the recovery's facts are read before and its UPDATE waits.
    sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
        "pg_sleep(0.3); RETURN NEW; END $$;"
        "CREATE TRIGGER slow BEFORE UPDATE ON user_deletions FOR EACH ROW WHEN (NEW.status = "
        "'scheduled') EXECUTE FUNCTION slow()");
    Process& b = process();
    const auto schedule = [&]() -> asio::awaitable<void> {
        const std::vector<MailJob> jobs = co_await b.store.due_mails(10);
        Change change{jobs.at(0).deletion, jobs.at(0).deletion};
        change.after.status = Status::scheduled;
        std::vector<Change> changes(1, change);
        const std::vector<bool> happened = co_await b.store.apply(std::move(changes));
        EXPECT_TRUE(happened.at(0));
    };
    const auto recover = [&]() -> asio::awaitable<void> {
        co_await net::sleep_for(std::chrono::milliseconds(100));
        const RequestReply reply = co_await enter_one(a.store, recovery_of(ann));
        EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        tasks.start("schedule", schedule());
        tasks.start("recover", recover());
        co_await tasks.join();
    });
    EXPECT_EQ(sql("SELECT status FROM user_deletions"), "cancelled");
    EXPECT_EQ(audited(), "deletion.requested deletion.cancelled");
}

TEST_F(IntakeStore, AWordThatIsNoOutcomeCannotBeWritten) {
    migrate();
    const std::string refused =
        sql("DO $$ BEGIN INSERT INTO deletion_requests (event_id, kind, outcome) VALUES ('e', "
            "'delete', 'perhaps'); RAISE EXCEPTION 'it was taken'; EXCEPTION WHEN check_violation "
            "THEN NULL; END $$; SELECT count(*) FROM deletion_requests");
    EXPECT_EQ(refused, "0");
    EXPECT_EQ(
        sql("SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE contype = "
            "'c' AND convalidated AND conname IN ('deletion_requests_outcome', "
            "'user_deletions_status')"),
        "deletion_requests_outcome user_deletions_status"
    );
}

TEST_F(IntakeStore, AWordOfAnotherSystemsStandsForARequestThatWasActedOn) {
    before_us(
        "CREATE TABLE deletion_requests (event_id varchar(99), kind varchar(9), outcome "
        "varchar(9), PRIMARY KEY (event_id, kind)); INSERT INTO deletion_requests VALUES ('d1', "
        "'delete', 'ok'), ('d2', 'delete', 'rejected')"
    );
    Process& a = process();
    const std::string ann = user();
    run([&]() -> asio::awaitable<void> {
        const RequestReply reply = co_await enter_one(a.store, deletion_of(ann));
        EXPECT_TRUE(reply.entered_before);
    });
    EXPECT_EQ(
        sql("SELECT event_id, outcome FROM deletion_requests ORDER BY 1"),
        "d1|accepted\nd2|rejected"
    );
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions"), "0");
}

}  // namespace
}  // namespace chatear::deletion
