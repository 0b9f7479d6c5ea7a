#include "deletion_fixture.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

/// A log of 10 rows (action.1 to action.9 behind the first link), and somebody who may do anything.
class AuditVerifierTest : public DeletionTest {
protected:
    AuditVerifierTest() {
        migrate();
        sql("INSERT INTO action_logs (user_id, action, meta) SELECT 'u' || n, 'action.' || n, "
            "jsonb_build_object('n', n) "
            "FROM generate_series(1, 9) n");
    }

    void tamper(const std::string& text) {
        sql("ALTER TABLE action_logs DISABLE TRIGGER ALL; " + text +
            "; ALTER TABLE action_logs ENABLE TRIGGER ALL");
    }

    std::string id_of(const std::string& action) {
        return sql("SELECT id FROM action_logs WHERE action = '" + action + "'");
    }

    /// "changed 4": the kind and the row.
    std::string broken(std::optional<TrustedRow> trusted = std::nullopt) {
        const AuditReport report = verified(std::move(trusted));
        if (!report.broken) {
            return "";
        }
        EXPECT_NE(report.broken->what, "");
        return std::string(to_text(report.broken->kind)) + " " + report.broken->id;
    }

    // A row as the trigger would have made it, behind the last one that stands before chain_seq.
    static std::string with_right_hash(const std::string& where) {
        return "UPDATE action_logs SET hash = chatear_audit_hash(chain_seq, prev_hash, id::text, "
               "user_id::text, action, "
               "created_at, meta::text) WHERE " +
               where;
    }

    /// A row as somebody noted it.
    TrustedRow noted(const std::string& id) {
        TrustedRow row{id, ""};
        const std::string digits =
            sql("SELECT encode(hash, 'hex') FROM action_logs WHERE id = " + id);
        for (std::size_t n = 0; n < digits.size(); n += 2) {
            row.hash += static_cast<char>(std::stoi(digits.substr(n, 2), nullptr, 16));
        }
        return row;
    }

    TrustedRow head() {
        const std::optional<AuditHead> last = verified().head;
        return {last->id, last->hash};
    }
};

TEST_F(AuditVerifierTest, FindsNothingWhereNothingIs) {
    const AuditReport report = verified();
    EXPECT_EQ(report.broken, std::nullopt);
    EXPECT_EQ(report.rows, 10u);
    EXPECT_EQ(report.head->id, id_of("action.9"));
}

TEST_F(AuditVerifierTest, NamesTheFirstRowThatWasChanged) {
    const std::string expected = "changed " + id_of("action.4");
    for (const std::string& change :
         {std::string("user_id = 'other'"),
          std::string("action = 'other'"),
          std::string("meta = '{\"n\": 5}'"),
          std::string("created_at = created_at + interval '1 microsecond'"),
          std::string("user_id = NULL"),
          std::string("hash = sha256('x')"),
          std::string("hash = NULL")}) {
        sql("CREATE TABLE kept AS TABLE action_logs");
        tamper(
            "UPDATE action_logs SET " + change +
            " WHERE action = 'action.4'; "
            "UPDATE action_logs SET action = 'too' WHERE action = 'action.7'"
        );
        EXPECT_EQ(broken(), expected) << change;
        tamper(
            "DELETE FROM action_logs; INSERT INTO action_logs SELECT * FROM kept; DROP TABLE kept"
        );
        EXPECT_EQ(broken(), "");
    }
}

TEST_F(AuditVerifierTest, NamesTheRowBehindThoseThatWereRemoved) {
    const std::string behind = id_of("action.6");
    tamper("DELETE FROM action_logs WHERE action IN ('action.4', 'action.5')");
    EXPECT_EQ(broken(), "removed " + behind);
}

TEST_F(AuditVerifierTest, MissesTheFirstLinkAndTheWholeChain) {
    const std::string behind = id_of("action.1");
    tamper("DELETE FROM action_logs WHERE action = 'audit.adopted'");
    EXPECT_EQ(broken(), "removed " + behind);
    tamper("DELETE FROM action_logs");
    EXPECT_EQ(broken(), "removed ");
}

TEST_F(AuditVerifierTest, NamesARowThatWasInserted) {
    tamper(
        ""
        "INSERT INTO action_logs (id, action, chain_seq, prev_hash, hash) VALUES (1000, 'forged', "
        "0, decode(repeat('00', 32), 'hex'), 'x')"
    );
    EXPECT_EQ(broken(), "inserted 1000");
}

TEST_F(AuditVerifierTest, NamesARowThatWasInsertedWithAHashThatFits) {
    // A gap in the numbers, as a transaction leaves one that was rolled back.
    sql("SELECT nextval('action_logs_chain_seq'); INSERT INTO action_logs (action) VALUES ('last')"
    );
    tamper(
        "INSERT INTO action_logs (id, action, chain_seq, prev_hash) SELECT 1000, 'forged', "
        "chain_seq + 1, hash FROM action_logs "
        "WHERE action = 'action.9'; " +
        with_right_hash("id = 1000")
    );
    EXPECT_EQ(broken(), "inserted 1000");
}

TEST_F(AuditVerifierTest, NamesARowThatWasMoved) {
    const std::string moved = id_of("action.5");
    tamper(
        "UPDATE action_logs SET chain_seq = -1 WHERE action = 'action.4'; "
        "UPDATE action_logs SET chain_seq = chain_seq - 1 WHERE action = 'action.5'; "
        "UPDATE action_logs SET chain_seq = (SELECT chain_seq + 1 FROM action_logs WHERE action = "
        "'action.5') WHERE action = 'action.4'"
    );
    EXPECT_EQ(broken(), "reordered " + moved);
}

TEST_F(AuditVerifierTest, ARowThatWasChangedWithItsHashIsMissedByTheNext) {
    const std::string next = id_of("action.5");
    tamper(
        "UPDATE action_logs SET action = 'other' WHERE action = 'action.4'; " +
        with_right_hash("action = 'other'")
    );
    EXPECT_EQ(broken(), "removed " + next);
}

TEST_F(AuditVerifierTest, StartsFromATrustedRow) {
    const std::string fifth = id_of("action.5");
    const AuditReport whole = verified();
    const TrustedRow trusted = noted(fifth);
    const AuditReport rest = verified(trusted);
    EXPECT_EQ(rest.broken, std::nullopt);
    EXPECT_EQ(rest.rows, 4u);
    EXPECT_EQ(rest.head, whole.head);
    EXPECT_TRUE(whole.adopted_compared);
    const TrustedRow wrong{fifth, std::string(32, 'x')};
    EXPECT_EQ(broken(wrong), "changed " + fifth);
    tamper("UPDATE action_logs SET action = 'other' WHERE action = 'action.2'");
    EXPECT_EQ(broken(trusted), "");  // What stands before it is not asked.
    tamper("UPDATE action_logs SET action = 'other' WHERE action = 'action.7'");
    EXPECT_EQ(
        broken(trusted), "changed " + sql("SELECT max(id) FROM action_logs WHERE action = 'other'")
    );
}

// What the rows from before the chain were stands in the first link.
TEST_F(AuditVerifierTest, TheRowsFromBeforeAreComparedOnlyWhereTheFirstLinkIs) {
    const TrustedRow fifth = noted(id_of("action.5"));
    const TrustedRow first = noted(id_of("audit.adopted"));
    tamper("INSERT INTO action_logs (id, action) VALUES (1000, 'forged')");
    EXPECT_EQ(broken(), "inserted ");
    EXPECT_EQ(broken(first), "inserted ");
    const AuditReport behind = verified(fifth);
    EXPECT_EQ(behind.broken, std::nullopt);
    EXPECT_FALSE(behind.adopted_compared);
}

// A cut end leaves a chain that is right in itself.
TEST_F(AuditVerifierTest, ACutEndIsSeenFromATrustedHead) {
    const TrustedRow noted = head();
    tamper("DELETE FROM action_logs WHERE action IN ('action.8', 'action.9')");
    EXPECT_EQ(broken(), "");
    EXPECT_EQ(broken(noted), "removed " + noted.id);
    const TrustedRow no_id{"no id", noted.hash};
    EXPECT_EQ(broken(no_id), "removed no id");
}

TEST_F(AuditVerifierTest, AChainThatWasMadeAnewIsSeenFromATrustedHead) {
    const TrustedRow noted = head();
    tamper(
        "DO $$ DECLARE r record; last bytea; BEGIN FOR r IN SELECT id FROM action_logs ORDER BY "
        "chain_seq LOOP "
        "UPDATE action_logs SET action = replace(action, '.4', '.x'), prev_hash = coalesce(last, "
        "prev_hash) WHERE id = r.id; " +
        with_right_hash("id = r.id") +
        "; SELECT hash INTO last FROM action_logs WHERE id = r.id; END LOOP; END $$"
    );
    EXPECT_EQ(broken(), "");
    EXPECT_EQ(broken(noted), "changed " + noted.id);
}

TEST_F(AuditVerifierTest, TellsHowFarItIsOverManyBatches) {
    sql("INSERT INTO action_logs (action) SELECT 'more' FROM generate_series(1, 25000)");
    Process& a = process();
    std::vector<std::uint64_t> steps;
    run([&]() -> asio::awaitable<void> {
        AuditVerifier verifier(a.pool, [&](const AuditProgress& progress) {
            steps.push_back(progress.rows);
            EXPECT_LE(progress.chain_seq, progress.last_chain_seq);
        });
        const AuditReport report = co_await verifier.verify(std::nullopt);
        EXPECT_EQ(report.broken, std::nullopt);
        EXPECT_EQ(report.rows, 25'010u);
    });
    EXPECT_EQ(steps, (std::vector<std::uint64_t>{10'000, 20'000, 25'010}));
}

}  // namespace
}  // namespace chatear::deletion
