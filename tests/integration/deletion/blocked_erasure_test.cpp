// What keeps one account from being erased, and none behind it.
#include "base/error.hpp"
#include "erasure_fixture.hpp"

#include <chrono>
#include <string_view>

namespace chatear::deletion {
namespace {

using Seconds = std::chrono::duration<double>;

class BlockedErasure : public ErasureTest {
protected:
    BlockedErasure() {
        at_ = &process();
        anns_ = deleted("ann", "40 days");
        bobs_ = deleted("bob", "35 days");
        mail(anns_ + ".1");
    }

    /// "refused: no row was updated"
    std::string erased(const std::string& id) {
        const Erasure done = erase(id);
        const std::string answer(to_text(done.answer));
        return done.why.empty() ? answer : answer + ": " + done.why;
    }

    /// Nothing of ann's was touched, and bob's is erased in the round.
    void only_bob_goes_in_a_round() {
        EXPECT_EQ(pass(), ErasurePass::every);
        EXPECT_EQ(sql("SELECT id FROM user_deletions WHERE erased_at IS NOT NULL"), bobs_);
        EXPECT_EQ(sql("SELECT name FROM users WHERE name IS NOT NULL"), "ann");
        EXPECT_EQ(sql("SELECT recipient FROM email_sends"), "ann@example.test");
        EXPECT_EQ(audited(), "user.erased");
    }

    std::string anns_;
    std::string bobs_;
};

TEST_F(BlockedErasure, ATriggerThatKeepsTheRowAsItIsRefusesIt) {
    keep_as_it_is();
    EXPECT_EQ(erased(anns_), "refused: no row was updated");
    only_bob_goes_in_a_round();
    sql("DROP TRIGGER keep ON users");
    EXPECT_EQ(erased(anns_), "erased");
}

// To whom a policy hides its row, it looks as if the product had removed it.
TEST_F(BlockedErasure, SoDoesAPolicyThatHidesTheRow) {
    sql("DO $$ BEGIN CREATE ROLE restricted; EXCEPTION WHEN duplicate_object THEN NULL; END $$; "
        "GRANT ALL ON ALL TABLES IN SCHEMA public TO restricted; "
        "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO restricted; "
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY not_ann ON users USING (email IS DISTINCT FROM 'ann@example.test')");
    sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET role = restricted', "
        "current_database()); END $$");
    at_ = &process();
    EXPECT_EQ(erased(anns_), "refused: row-level security may hide its row");
    sql("SET ROLE NONE; DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET role', "
        "current_database()); END $$");
    only_bob_goes_in_a_round();
}

// 42501: it is not permitted something; 57014: a time limit; 55P03: a lock that it waited for.
TEST_F(BlockedErasure, ATriggerThatFailsOrIsSlowKeepsItsOwnAccountOnly) {
    for (const std::string sqlstate : {"42501", "57014", "55P03"}) {
        raise(sqlstate);
        const std::string why = erased(anns_);
        EXPECT_EQ(why.substr(0, 9), "blocked: ") << sqlstate;
        EXPECT_EQ(why.find("ann@example.test"), std::string::npos) << why;
    }
    only_bob_goes_in_a_round();
    sql("DROP TRIGGER fails ON users");
    EXPECT_EQ(erased(anns_), "erased");
}

TEST_F(BlockedErasure, AnAccountThatTheProductHasLockedIsWaitedForASecondAtMost) {
    while_locked("SELECT FROM users WHERE email = 'ann@example.test' FOR UPDATE", [&] {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(erased(anns_), "blocked: another transaction has rows of its account");
        EXPECT_LT(Seconds(std::chrono::steady_clock::now() - begin).count(), 4);
        only_bob_goes_in_a_round();
    });
    EXPECT_EQ(erased(anns_), "erased");
}

TEST_F(BlockedErasure, SoAreItsDeletionAndItsMails) {
    for (const std::string& table :
         {"user_deletions WHERE id = '" + anns_ + "'",
          "email_sends WHERE event_id = '" + anns_ + ".1'"}) {
        while_locked("SELECT FROM " + table + " FOR UPDATE", [&] {
            EXPECT_EQ(erased(anns_), "blocked: another transaction has rows of its account");
        });
    }
    EXPECT_EQ(erased(anns_), "erased");
}

// Deferred, it would speak at the commit.
TEST_F(BlockedErasure, WhatAConstraintOrTheTableOfMailsRefusesIsItsOwn) {
    sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'never' USING ERRCODE = 'check_violation'; END $$; "
        "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON users DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW WHEN (OLD.email = 'ann@example.test') EXECUTE FUNCTION refuse()");
    EXPECT_EQ(erased(anns_), "refused: SQLSTATE 23514");
    sql("DROP TRIGGER late ON users; "
        "ALTER TABLE email_sends ADD CONSTRAINT to_somebody CHECK (recipient IS NOT NULL)");
    EXPECT_EQ(erased(anns_), "refused: SQLSTATE 23514, to_somebody");
    only_bob_goes_in_a_round();
}

// Everybody's lock: whoever has it keeps all, and the round ends.
TEST_F(BlockedErasure, TheAuditLogsLockIsNobodysOwn) {
    while_locked("SELECT pg_advisory_xact_lock(7234109856120441)", [&] {
        EXPECT_THROW(erased(anns_), Unavailable);
    });
    EXPECT_EQ(sql("SELECT count(*) FROM user_deletions WHERE erased_at IS NOT NULL"), "0");
    EXPECT_EQ(erased(anns_), "erased");
}

}  // namespace
}  // namespace chatear::deletion
