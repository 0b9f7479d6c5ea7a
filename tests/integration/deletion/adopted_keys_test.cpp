#include "deletion_fixture.hpp"

#include <string>
#include <utility>

namespace chatear::deletion {
namespace {

/// A unique key of the product's table of deletions.
struct Key {
    std::string name;
    std::string columns;
    std::string keys;
    bool harmless = false;
};

class AdoptedKeys : public DeletionTest, public testing::WithParamInterface<Key> {
protected:
    AdoptedKeys() {
        before_us(
            "CREATE TABLE users (id integer PRIMARY KEY, email text, is_deleted boolean NOT NULL "
            "DEFAULT false);"
            "INSERT INTO users VALUES (1, 'ann@example.test');"
            "CREATE TABLE user_deletions (user_id integer, status text, " +
            GetParam().columns + "); " + GetParam().keys
        );
    }
};

// With such a key a recovery, or a user's next deletion, could not be written for ever.
TEST_P(AdoptedKeys, AreNamedWhereTheyForbidAUsersFurtherDeletions) {
    const std::string why = migration_refusal();
    EXPECT_EQ(
        why.find("unique key the_key of table user_deletions") == std::string::npos,
        GetParam().harmless
    ) << why;
    EXPECT_EQ(why.empty(), GetParam().harmless) << why;
}

TEST_P(AdoptedKeys, LetAUserAskAgainWhereTheMigrationsWentThrough) {
    if (!GetParam().harmless) {
        sql("ALTER TABLE user_deletions DROP CONSTRAINT IF EXISTS the_key; DROP INDEX IF EXISTS "
            "the_key");
    }
    Process& a = process();
    run([&]() -> asio::awaitable<void> {
        for (int n = 1; n <= 3; ++n) {
            Request deletion = deletion_of("1", "d" + std::to_string(n));
            const RequestReply made = co_await enter_one(a.store, std::move(deletion));
            EXPECT_EQ(made.outcome, RequestOutcome::accepted) << made.reason;
            Request recovery = recovery_of("1", "r" + std::to_string(n));
            const RequestReply back = co_await enter_one(a.store, std::move(recovery));
            EXPECT_EQ(back.outcome, RequestOutcome::accepted) << back.reason;
        }
    });
    EXPECT_EQ(sql("SELECT status, count(*) FROM user_deletions GROUP BY 1"), "cancelled|3");
}

INSTANTIATE_TEST_SUITE_P(
    OfTheProduct,
    AdoptedKeys,
    testing::Values(
        Key{"UserAndStatus",
            "n int",
            "ALTER TABLE user_deletions ADD CONSTRAINT the_key UNIQUE (user_id, status)"},
        Key{"UserAndTenant",
            "tenant text NOT NULL DEFAULT 'a'",
            "ALTER TABLE user_deletions ADD CONSTRAINT the_key PRIMARY KEY (user_id, tenant)"},
        Key{"NotUserAtAll",
            "reference text NOT NULL DEFAULT ''",
            "ALTER TABLE user_deletions ADD CONSTRAINT the_key UNIQUE (reference)"},
        Key{"ThoseNotCancelled",
            "cancelled_at timestamptz",
            "CREATE UNIQUE INDEX the_key ON user_deletions (user_id) WHERE cancelled_at IS NULL"},
        Key{"AnExpression",
            "n int",
            "CREATE UNIQUE INDEX the_key ON user_deletions ((user_id + 0))"},
        Key{"TenantUnknown",
            "tenant text",
            "ALTER TABLE user_deletions ADD CONSTRAINT the_key UNIQUE (user_id, tenant)",
            true},
        Key{"UserAndTime",
            "created_at timestamptz NOT NULL DEFAULT now()",
            "ALTER TABLE user_deletions ADD CONSTRAINT the_key PRIMARY KEY (user_id, created_at)",
            true},
        Key{"WordsOfOthers",
            "n int",
            "CREATE UNIQUE INDEX the_key ON user_deletions (user_id) WHERE status = 'pending'",
            true}
    ),
    [](const auto& tested) { return tested.param.name; }
);

}  // namespace
}  // namespace chatear::deletion
