// Columns of tables that stood before us, which are too short for what is written there.
#include "deletion_fixture.hpp"

#include <string>

namespace chatear::deletion {
namespace {

using AdoptedRoom = DeletionTest;

// `character` alone is one character; a default of ours has 36.
TEST_F(AdoptedRoom, IdsHaveRoomWhereverTheyAreWritten) {
    const std::string ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    before_us(
        "CREATE TABLE users (id char(26) PRIMARY KEY, email text, is_deleted boolean NOT NULL "
        "DEFAULT false); INSERT INTO users VALUES ('" +
        ulid +
        "', 'ann@example.test'), ('bob', 'bob@example.test');"
        "CREATE TABLE user_deletions (id varchar(20) PRIMARY KEY, user_id char(3)); "
        "INSERT INTO user_deletions VALUES ('theirs', 'bob')"
    );
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        const RequestReply made = co_await enter_one(a.store, deletion_of(ulid, "d1"));
        EXPECT_EQ(made.outcome, RequestOutcome::accepted) << made.reason;
        const RequestReply again = co_await enter_one(a.store, deletion_of("bob  ", "d2"));
        EXPECT_EQ(again.outcome, RequestOutcome::pending) << again.reason;
    });
    EXPECT_EQ(
        sql("SELECT string_agg(user_id::text, ' ' ORDER BY user_id) FROM user_deletions"),
        ulid + " bob"
    );
}

// 0002 made it as `character`; it may stand so in a database that was migrated before.
TEST_F(AdoptedRoom, AColumnThatWasMadeForOneCharacterIsWidened) {
    before_us(
        "CREATE TABLE users (id char(26) PRIMARY KEY, email text, is_deleted boolean NOT NULL "
        "DEFAULT false)"
    );
    migrate();
    EXPECT_EQ(
        sql("SELECT atttypid::regtype, atttypmod FROM pg_attribute WHERE attrelid = "
            "'user_deletions'::regclass AND attname = 'user_id'"),
        "character|-1"
    );
}

// Of a hold, an e-mail's verdict and an erasure, which write long words, and NULL.
TEST_F(AdoptedRoom, WhatIsWrittenHasRoomInTablesThatStood) {
    before_us(
        "CREATE TYPE place AS ENUM ('queued');"
        "CREATE TABLE users (id integer PRIMARY KEY, email text, is_deleted boolean NOT NULL "
        "DEFAULT false); INSERT INTO users VALUES (1, 'ann@example.test');"
        "CREATE TABLE user_deletions (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id "
        "integer, held_reason varchar(20) NOT NULL DEFAULT 'none', held_from place, address_hash "
        "char(32) NOT NULL DEFAULT '', next_mail_at timestamptz NOT NULL DEFAULT now());"
        "CREATE TABLE email_sends (event_id varchar(36) PRIMARY KEY, status varchar(8) NOT NULL "
        "DEFAULT 'sending', recipient varchar(20) NOT NULL, smtp_reply varchar(10) NOT NULL "
        "DEFAULT '', error varchar(10), sent_at timestamptz NOT NULL DEFAULT now());"
        "INSERT INTO email_sends (event_id, recipient) VALUES ('theirs', 'bob@example.test')"
    );
    Process& a = process();
    sql("ALTER TABLE users ADD CONSTRAINT a_name_longer_than_the_room_for_it CHECK (NOT "
        "is_deleted)");
    const std::string day = today();
    run([&]() -> asio::awaitable<void> {
        const RequestReply made = co_await enter_one(a.store, deletion_of("1"));
        EXPECT_EQ(made.outcome, RequestOutcome::accepted) << made.reason;
    });
    sql("DELETE FROM user_deletions");
    const std::string id = due_deletion("1");
    run([&]() -> asio::awaitable<void> {
        const ExecutionAnswer answer = co_await execute_one(a.store, id, day);
        EXPECT_EQ(answer, ExecutionAnswer::changed);
    });
    EXPECT_EQ(
        sql("SELECT held_from, held_reason LIKE '%a_name_longer_than%', next_mail_at IS NULL FROM "
            "user_deletions"),
        "scheduled|t|t"
    );
    sql("UPDATE email_sends SET status = 'suppressed', recipient = NULL, smtp_reply = NULL, error "
        "= '550 5.1.1 no such user here', sent_at = NULL WHERE event_id = '" +
        id + ".1'");
    EXPECT_EQ(
        sql("INSERT INTO email_sends (event_id) VALUES ('x'); SELECT status, smtp_reply FROM "
            "email_sends WHERE event_id IN ('x', 'theirs')"),
        "sending|\nsending|"
    );
}

TEST_F(AdoptedRoom, AViewThatKeepsAColumnShortIsNamed) {
    before_us(
        "CREATE TABLE email_sends (event_id text PRIMARY KEY, recipient varchar(20));"
        "CREATE VIEW recipients AS SELECT recipient FROM email_sends"
    );
    const std::string why = migration_refusal();
    EXPECT_NE(why.find("column recipient of table email_sends"), std::string::npos) << why;
    sql("DROP VIEW recipients");
    EXPECT_EQ(migration_refusal(), "");
}

}  // namespace
}  // namespace chatear::deletion
