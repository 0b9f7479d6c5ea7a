#include "base/error.hpp"
#include "deletion_fixture.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

/// Tables of a product whose ids are of this type, and three of them.
struct Ids {
    std::string type;
    std::string known, other, unknown;
};

std::string quoted(const std::string& text) {
    std::string literal = "'";
    for (const char c : text) {
        literal += c == '\'' ? std::string("''") : std::string(1, c);
    }
    return literal + "'";
}

class AnyIds : public DeletionTest, public testing::WithParamInterface<Ids> {};

// What a deletion goes through, with every statement of the store.
TEST_P(AnyIds, AreThoseOfTheProduct) {
    const Ids& ids = GetParam();
    before_us(
        "CREATE TABLE users (id " + ids.type +
        " PRIMARY KEY, email text, is_deleted boolean NOT NULL DEFAULT false, age int);"
        "INSERT INTO users (id, email) VALUES (" +
        quoted(ids.known) + ", 'ann@example.test'), (" + quoted(ids.other) +
        ", 'bob@example.test');"
        "CREATE TABLE user_deletions (id " +
        ids.type + " PRIMARY KEY, user_id " + ids.type +
        ");"
        "CREATE TABLE action_logs (id " +
        ids.type + " PRIMARY KEY, user_id " + ids.type + " REFERENCES users (id) ON DELETE CASCADE)"
    );
    Process& a = process();
    const std::string day = today();
    run([&]() -> asio::awaitable<void> {
        const RequestReply unknown = co_await enter_one(a.store, deletion_of(ids.unknown, "d0"));
        EXPECT_EQ(unknown.outcome, RequestOutcome::rejected);
        const RequestReply no_id = co_await enter_one(a.store, deletion_of("no such id", "d1"));
        EXPECT_EQ(no_id.outcome, RequestOutcome::rejected);
        const RequestReply made = co_await enter_one(a.store, deletion_of(ids.known, "d2"));
        EXPECT_EQ(made.outcome, RequestOutcome::accepted);
        const std::vector<MailJob> jobs = co_await a.store.due_mails(10);
        EXPECT_EQ(jobs.at(0).deletion.id, made.deletion_id);
        EXPECT_EQ(jobs.at(0).user.value().id, ids.known);
        co_await a.store.add_token(made.deletion_id, "t");
        const TokenState state = co_await a.store.look_up_token("t");
        EXPECT_EQ(state, TokenState::usable);
        const RequestReply back = co_await enter_one(a.store, recovery_by("t"));
        EXPECT_EQ(back.deletion_id, made.deletion_id);
    });
    const std::string id = due_deletion(ids.other);
    run([&]() -> asio::awaitable<void> {
        const std::vector<std::string> due = co_await a.store.due_executions("", 10);
        EXPECT_EQ(due, std::vector<std::string>{id});
        const std::vector<std::string> behind = co_await a.store.due_executions(id, 10);
        EXPECT_TRUE(behind.empty());
        const ExecutionAnswer answer = co_await execute_one(a.store, id, day);
        EXPECT_EQ(answer, ExecutionAnswer::executed);
        const bool known = co_await a.store.hold_for_lost_recovery(ids.other, "", "lost");
        EXPECT_TRUE(known);
    });
    EXPECT_EQ(sql("SELECT id FROM users WHERE is_deleted"), ids.other);
    EXPECT_EQ(
        sql("SELECT count(*) FROM action_logs WHERE user_id::text = " + quoted(ids.known)), "2"
    );
    EXPECT_EQ(
        sql("SELECT coalesce(user_id::text, meta ->> 'user_id') FROM action_logs WHERE meta ->> "
            "'event_id' = 'd1'"),
        "no such id"
    );
    EXPECT_EQ(verified().broken, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Types,
    AnyIds,
    testing::Values(
        Ids{"uuid",
            "6f3b2c1e-0000-4000-8000-000000000001",
            "6f3b2c1e-0000-4000-8000-000000000002",
            "6f3b2c1e-0000-4000-8000-000000000003"},
        Ids{"bigint", "9000000000", "-1", "3"},
        Ids{"integer", "2000000000", "2", "9000000000"},
        Ids{"text", "Ann O'Hara", "bob", "carol"},
        Ids{"varchar(60)", "ann", "bob\"{},\\", "carol"}
    ),
    [](const auto& tested) {
        const std::string& type = tested.param.type;
        return type.substr(0, type.find('('));
    }
);

using Adoption = DeletionTest;

TEST_F(Adoption, RowsOfOthersAreTakenForWhatTheyWere) {
    before_us(
        "CREATE TYPE word AS ENUM ('pending', 'Completed', 'deleted', 'canceled', 'recovered', "
        "'failed', 'scheduled');"
        "CREATE TABLE users (id integer PRIMARY KEY, email varchar(200), is_deleted boolean NOT "
        "NULL DEFAULT false);"
        "INSERT INTO users SELECT n, 'u' || n || '@example.test' FROM generate_series(1, 9) n;"
        "CREATE TABLE user_deletions (user_id integer REFERENCES users (id), status word NOT NULL "
        "DEFAULT 'pending', "
        "created_at timestamp NOT NULL DEFAULT '2026-01-02 03:04:05', scheduled_at timestamp NOT "
        "NULL DEFAULT '2026-01-03', "
        "note text NOT NULL DEFAULT 'theirs');"
        "INSERT INTO user_deletions (user_id, status) VALUES (1, 'pending'), (2, 'Completed'), (3, "
        "'deleted'), (4, 'canceled'), "
        "(5, 'recovered'), (6, 'failed'), (7, 'scheduled');"
        "INSERT INTO user_deletions (user_id, created_at) VALUES (8, '2026-01-03'), (8, "
        "'2026-01-01'), (8, '2026-01-02')"
    );
    migrate();
    EXPECT_EQ(
        sql("SELECT string_agg(user_id || ' ' || status, ', ' ORDER BY user_id, requested_at) FROM "
            "user_deletions"),
        "1 queued, 2 executed, 3 executed, 4 cancelled, 5 cancelled, 6 failed, 7 queued, 8 queued, "
        "8 failed, 8 failed"
    );
    EXPECT_EQ(
        sql("SELECT requested_at AT TIME ZONE 'utc', scheduled_at IS NULL, next_mail_at <= now(), "
            "note FROM user_deletions WHERE user_id = 1"),
        "2026-01-02 03:04:05|t|t|theirs"
    );
    EXPECT_EQ(
        sql("SELECT string_agg(meta ->> 'was' || ' ' || (meta ->> 'status'), ', ' ORDER BY "
            "user_id) FROM action_logs "
            "WHERE action = 'deletion.adopted' AND user_id::int < 8"),
        "pending queued, Completed executed, deleted executed, canceled cancelled, recovered "
        "cancelled, failed failed, scheduled queued"
    );
    EXPECT_EQ(verified().broken, std::nullopt);
}

// As text beside a uuid, written by somebody else.
TEST_F(Adoption, UuidsInCapitalsAreTheAccountsThatTheyName) {
    const std::string ann = "6f3b2c1e-0000-4000-8000-00000000000a";
    const std::string bob = "6f3b2c1e-0000-4000-8000-00000000000b";
    before_us(
        "CREATE TABLE users (id uuid PRIMARY KEY, email text, is_deleted boolean NOT NULL DEFAULT "
        "false); INSERT INTO users VALUES ('" +
        ann + "', 'ann@example.test'), ('" + bob +
        "', 'bob@example.test');"
        "CREATE TABLE user_deletions (user_id text, status text, created_at timestamptz);"
        "INSERT INTO user_deletions VALUES (upper('" +
        ann + "'), 'pending', '2026-01-02'), ('" + ann + "', 'pending', '2026-01-03'), (upper('" +
        bob + "'), 'pending', '2026-01-02'), (upper('" + bob +
        "'), 'completed', '2026-01-01'), ('NOBODY', 'pending', '2026-01-01')"
    );
    Process& a = process();
    std::vector<MailJob> jobs;
    run([&]() -> asio::awaitable<void> { jobs = co_await a.store.due_mails(10); });
    std::vector<std::string> found;
    for (const MailJob& job : jobs) {
        found.push_back(job.user ? job.user->id : job.deletion.user_id + " is nobody");
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, (std::vector<std::string>{ann, bob, "NOBODY is nobody"}));
    // Of several open ones of one user the oldest stays.
    EXPECT_EQ(
        sql("SELECT string_agg(status, ' ' ORDER BY requested_at) FROM user_deletions WHERE "
            "user_id = '" +
            ann + "'"),
        "queued failed"
    );
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions WHERE user_id = '" + bob + "'"), "2");
    EXPECT_EQ(
        sql("SELECT user_id, meta ->> 'was' FROM action_logs WHERE action = 'deletion.failed'"),
        ann + "|queued"
    );
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(Adoption, AUserMayAskAgainWhereTheKeyWasTheUser) {
    before_us(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, is_deleted boolean NOT NULL "
        "DEFAULT false);"
        "INSERT INTO users VALUES (1, 'ann@example.test');"
        "CREATE TABLE user_deletions (user_id bigint PRIMARY KEY, status text CHECK (status IN "
        "('pending', 'recovered')));"
        "INSERT INTO user_deletions VALUES (1, 'recovered')"
    );
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        const RequestReply reply = co_await enter_one(a.store, deletion_of("1"));
        EXPECT_EQ(reply.outcome, RequestOutcome::accepted);
    });
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions WHERE user_id = 1"), "2");
}

TEST_F(Adoption, ALogWithRowsKeepsThemAndTheyCannotChangeUnseen) {
    before_us(
        "CREATE TABLE action_logs (id uuid PRIMARY KEY, user_id integer NOT NULL, action "
        "varchar(10) NOT NULL, meta json, "
        "created_at timestamp, ip inet);"
        "INSERT INTO action_logs SELECT gen_random_uuid(), n, 'login', '{\"b\": 1, \"a\": [2]}', "
        "now(), '::1' FROM generate_series(1, 500) n;"
        "INSERT INTO action_logs VALUES (gen_random_uuid(), 7, 'logout', NULL, NULL, NULL)"
    );
    migrate();
    EXPECT_EQ(sql("SELECT meta ->> 'rows' FROM action_logs WHERE chain_seq IS NOT NULL"), "501");
    const AuditReport report = verified();
    EXPECT_EQ(report.broken, std::nullopt);
    EXPECT_EQ(report.adopted, 501u);
    sql("ALTER TABLE action_logs DISABLE TRIGGER ALL; UPDATE action_logs SET user_id = 8 WHERE "
        "action = 'logout'");
    EXPECT_EQ(verified().broken->kind, AuditBreak::Kind::changed);
    sql("UPDATE action_logs SET user_id = 7 WHERE action = 'logout'");
    EXPECT_EQ(verified().broken, std::nullopt);
    sql("INSERT INTO action_logs (user_id, action) VALUES (1, 'login')");
    EXPECT_EQ(verified().broken->kind, AuditBreak::Kind::inserted);
    sql("DELETE FROM action_logs WHERE action = 'login'");
    EXPECT_EQ(verified().broken->kind, AuditBreak::Kind::removed);
}

TEST_F(Adoption, ATableThatCannotTakeOurRowsIsNamed) {
    before_us("CREATE TABLE action_logs (id bigint PRIMARY KEY, tenant text NOT NULL)");
    EXPECT_NE(migration_refusal().find("column tenant of table action_logs"), std::string::npos);
    before_us("DROP TABLE action_logs; CREATE TABLE users (id text PRIMARY KEY, email text)");
    EXPECT_NE(migration_refusal().find("table users needs"), std::string::npos);
}

// It may also become so later.
TEST_F(Adoption, AFlagThatCannotBeSetStopsTheMigrationAndTheWorker) {
    const std::string generated =
        "is_deleted boolean GENERATED ALWAYS AS (deleted_at IS NOT NULL) STORED";
    before_us(
        "CREATE TABLE users (id bigint PRIMARY KEY, email text, deleted_at timestamptz, " +
        generated + ")"
    );
    EXPECT_NE(migration_refusal().find("is_deleted DROP EXPRESSION"), std::string::npos);
    sql("ALTER TABLE users ALTER COLUMN is_deleted DROP EXPRESSION");
    Process& a = process();
    sql("ALTER TABLE users DROP COLUMN is_deleted, ADD COLUMN " + generated);
    run([&]() -> asio::awaitable<void> {
        std::string why;
        try {
            (void)co_await a.store.due_executions("", 10);
        } catch (const Unavailable& unavailable) {
            why = unavailable.why();
        }
        EXPECT_NE(why.find("is_deleted DROP EXPRESSION"), std::string::npos) << why;
    });
}

// A hash over such an id would be another in a session with other settings.
TEST_F(Adoption, ALogWhoseIdsReadDifferentlyBySessionIsRefused) {
    before_us("CREATE TABLE action_logs (id timestamptz PRIMARY KEY DEFAULT clock_timestamp())");
    EXPECT_NE(migration_refusal().find("text depends on settings"), std::string::npos);
}

TEST_F(Adoption, ALongLogIsReadByItsIndexPageByPage) {
    before_us(
        "CREATE TABLE action_logs (id uuid PRIMARY KEY, user_id integer, action text);"
        "INSERT INTO action_logs SELECT gen_random_uuid(), n, 'login' FROM generate_series(1, "
        "25000) n"
    );
    migrate();
    sql("VACUUM ANALYZE action_logs");
    const AuditReport report = verified();
    EXPECT_EQ(report.broken, std::nullopt);
    EXPECT_EQ(report.adopted, 25'000u);
    // Counted a little later; once for each page, and for the empty one behind them.
    EXPECT_EQ(
        sql("DO $$ BEGIN FOR n IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN (SELECT "
            "idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'action_logs_adopted') >= 4; "
            "PERFORM pg_sleep(0.1); END LOOP; END $$; SELECT pg_stat_clear_snapshot() IS NULL, "
            "idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'action_logs_adopted'"),
        "f|4"
    );
    sql("ALTER TABLE action_logs DISABLE TRIGGER ALL; UPDATE action_logs SET action = 'logout' "
        "WHERE user_id = 24000");
    EXPECT_EQ(verified().broken->kind, AuditBreak::Kind::changed);
}

// Rule 10. Some were there before us, others are inserted by old code of the product's.
TEST_F(Adoption, WhatHasNoTimeIsLookedAtAndJudgedByItsMail) {
    before_us(
        "CREATE TABLE users (id integer PRIMARY KEY, email text, is_deleted boolean NOT NULL "
        "DEFAULT false);"
        "INSERT INTO users SELECT n, n || '@example.test' FROM generate_series(1, 6) n;"
        "CREATE TABLE user_deletions (id serial PRIMARY KEY, user_id integer, status text, "
        "mail_number integer, next_mail_at timestamptz, scheduled_at timestamptz, recovery_sent_at "
        "timestamptz, address_hash text);"
        "CREATE TABLE email_sends (event_id text PRIMARY KEY, status text);"
        "INSERT INTO email_sends VALUES ('1.1', 'sent'), ('2.1', 'sent');"
        "INSERT INTO user_deletions (user_id, status, mail_number, recovery_sent_at) VALUES "
        "(1, 'scheduled', 1, now() - interval '23 hours'), "
        "(2, 'scheduled', 1, now() - interval '25 hours'), (3, 'pending', NULL, NULL)"
    );
    Process& a = process();
    sql("INSERT INTO user_deletions (user_id) VALUES (4); "
        "INSERT INTO user_deletions (user_id, status) VALUES (5, 'scheduled'), (6, 'held'); "
        "UPDATE user_deletions SET status = 'queued' WHERE user_id = 6; "
        "UPDATE user_deletions SET address_hash = encode(sha256('2@example.test'), 'hex')");
    const std::string day = today();
    std::vector<std::string> mails;
    std::vector<std::string> due;
    std::vector<ExecutionAnswer> answers;
    run([&]() -> asio::awaitable<void> {
        const std::vector<MailJob> jobs = co_await a.store.due_mails(10);
        for (const MailJob& job : jobs) {
            mails.push_back(job.deletion.user_id);
        }
        due = co_await a.store.due_executions("", 10);
        for (const std::string id : {"1", "2", "5"}) {
            ExecutionAnswer answer = ExecutionAnswer::busy;
            while (answer == ExecutionAnswer::busy) {  // What the one before did is rolled back.
                answer = co_await execute_one(a.store, id, day);
            }
            answers.push_back(answer);
        }
    });
    std::sort(mails.begin(), mails.end());
    EXPECT_EQ(mails, (std::vector<std::string>{"3", "4", "6"}));
    // The first is due in an hour. Only what is proven, and whose period is over, is executed.
    EXPECT_EQ(due, (std::vector<std::string>{"2", "5"}));
    EXPECT_EQ(
        answers,
        (std::vector<ExecutionAnswer>{
            ExecutionAnswer::not_yet, ExecutionAnswer::executed, ExecutionAnswer::changed})
    );
    EXPECT_EQ(sql("SELECT status FROM user_deletions WHERE user_id = 5"), "queued");
}

// Of the product's own foreign keys over user_deletions, doctor tells.
TEST_F(Adoption, ADeletionWhoseAccountIsGoneFailsUnlessItsRowWentWithIt) {
    Process& a = process();
    const std::string day = today();
    const std::string ann = user();
    const std::string of_ann = due_deletion(ann);
    sql("DELETE FROM users");
    const std::string bob = user("bob@example.test");
    const std::string of_bob = due_deletion(bob);
    sql("ALTER TABLE user_deletions ADD FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE "
        "CASCADE NOT VALID; DELETE FROM users");
    std::vector<ExecutionAnswer> answers;
    run([&]() -> asio::awaitable<void> {
        for (const std::string& id : {of_ann, of_bob}) {
            const ExecutionAnswer answer = co_await execute_one(a.store, id, day);
            answers.push_back(answer);
        }
    });
    EXPECT_EQ(
        answers, (std::vector<ExecutionAnswer>{ExecutionAnswer::changed, ExecutionAnswer::not_yet})
    );
    EXPECT_EQ(sql("SELECT status FROM user_deletions"), "failed");
    EXPECT_EQ(audited(), "deletion.failed");
}

}  // namespace
}  // namespace chatear::deletion
