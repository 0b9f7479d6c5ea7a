#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/utc.hpp"
#include "deletion/audit_chain.hpp"
#include "deletion_fixture.hpp"
#include "net/task_group.hpp"

#include <boost/json.hpp>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

namespace chatear::deletion {
namespace {

class AuditLog : public DeletionTest {
protected:
    /// What psql says against a statement; "" when it is done.
    std::string refusal(const std::string& statement) {
        return sql(
            "DO $do$ BEGIN EXECUTE $text$" + statement +
            "$text$; RAISE EXCEPTION 'done'; EXCEPTION WHEN insufficient_privilege OR "
            "invalid_transaction_state THEN CREATE TABLE IF NOT EXISTS said (what text); "
            "INSERT INTO said VALUES (SQLERRM); WHEN raise_exception THEN NULL; END $do$; "
            "CREATE TABLE IF NOT EXISTS said (what text); SELECT what FROM said; DROP TABLE said"
        );
    }
};

std::string read_file(const std::string& name) {
    const std::ifstream file(name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// Between two marks.
std::string cut(const std::string& text, const std::string& from, const std::string& to) {
    const std::size_t begin = text.find(from);
    const std::size_t end = text.find(to, begin + from.size());
    EXPECT_TRUE(begin != std::string::npos && end != std::string::npos) << from;
    return text.substr(begin + from.size(), end - begin - from.size());
}

AuditRow row_of(const boost::json::object& json) {
    const auto text = [&](const char* key) { return std::string(json.at(key).as_string()); };
    AuditRow row;
    row.id = text("id");
    row.user_id = text("user_id");
    row.action = text("action");
    row.created_at = *parse_time(text("created_at"));
    row.meta = text("meta");
    row.chain_seq = json.at("chain_seq").as_int64();
    const std::string digits = text("prev_hash");
    for (std::size_t n = 0; n < digits.size(); n += 2) {
        row.prev_hash += static_cast<char>(std::stoi(digits.substr(n, 2), nullptr, 16));
    }
    return row;
}

std::string by_script(const std::string& lines) {
    const std::string folder = testing::TempDir();
    const std::string input = folder + "audit_rows.json";
    const std::string output = folder + "audit_hashes";
    std::ofstream(input) << lines;
    const std::string command =
        "/usr/bin/python3 tools/audit_hash.py < '" + input + "' > '" + output + "'";
    EXPECT_EQ(std::system(command.c_str()), 0);
    std::string hashes = read_file(output);
    while (!hashes.empty() && hashes.back() == '\n') {
        hashes.pop_back();
    }
    return hashes;
}

// Rule 14: the documented test vector, by us, by a script without our code, and by the trigger.
TEST_F(AuditLog, EverybodyHashesAsTheDocumentSays) {
    migrate();
    const std::string document = read_file("docs/audit.md");
    const std::string line = cut(document, "```json\n", "\n```");
    const std::string hash = cut(document, "has the hash `", "`");
    const boost::json::value parsed = *parse_json(line);
    const AuditRow row = row_of(parsed.as_object());
    EXPECT_EQ(to_hex(audit_hash(row)), hash);
    EXPECT_EQ(by_script(line), hash);
    EXPECT_EQ(
        sql("SELECT encode(chatear_audit_hash(42, decode('" + to_hex(row.prev_hash) +
            "', 'hex'), '17', '" + *row.user_id +
            "', 'deletion.requested', '2026-11-25 12:34:56.789012Z', $${\"deletion_id\": \"7\", "
            "\"event_id\": \"ol\u00e1-1\"}$$::jsonb::text), 'hex')"),
        hash
    );
}

TEST_F(AuditLog, TheScriptFindsTheHashesThatStandInTheTable) {
    migrate();
    sql("INSERT INTO action_logs (user_id, action, meta, created_at) VALUES "
        "(NULL, 'a', NULL, '1969-12-31 23:59:59.999999Z'), ('', '', '{}', now()), "
        "('\u00e9', 'b', '{\"n\": 1.50, \"t\": \"\\u00e9\\\\ \\\"\", \"a\": [true, null]}', now())"
    );
    const std::string rows =
        sql("SELECT json_build_object('chain_seq', chain_seq, 'prev_hash', encode(prev_hash, "
            "'hex'), 'id', id::text, "
            "'user_id', user_id::text, 'action', action, 'created_at', created_at, 'meta', "
            "meta::text) FROM action_logs ORDER BY chain_seq");
    EXPECT_EQ(
        by_script(rows), sql("SELECT encode(hash, 'hex') FROM action_logs ORDER BY chain_seq")
    );
    EXPECT_EQ(verified().rows, 4u);
    EXPECT_EQ(verified().broken, std::nullopt);
}

TEST_F(AuditLog, RefusesUpdateDeleteAndTruncate) {
    migrate();
    EXPECT_NE(
        refusal("UPDATE action_logs SET action = 'other'").find("UPDATE is refused"),
        std::string::npos
    );
    EXPECT_NE(
        refusal("DELETE FROM action_logs WHERE false").find("DELETE is refused"), std::string::npos
    );
    EXPECT_NE(refusal("TRUNCATE action_logs").find("TRUNCATE is refused"), std::string::npos);
    EXPECT_EQ(refusal("SELECT FROM action_logs"), "");
    EXPECT_EQ(sql("SELECT action FROM action_logs"), "audit.adopted");
}

// With an older snapshot the trigger would not see the head, and the chain would fork.
TEST_F(AuditLog, TakesNoRowsOfAnotherIsolation) {
    migrate();
    EXPECT_EQ(
        sql("BEGIN ISOLATION LEVEL REPEATABLE READ; DO $$ BEGIN INSERT INTO action_logs (action) "
            "VALUES ('x'); "
            "EXCEPTION WHEN invalid_transaction_state THEN NULL; END $$; COMMIT; SELECT count(*) "
            "FROM action_logs"),
        "1"
    );
}

TEST_F(AuditLog, FindsTheHeadWhateverTheSearchPathOfTheWriter) {
    migrate();
    sql("CREATE SCHEMA other; SET search_path = other; CREATE TEMP TABLE action_logs (hash bytea, "
        "chain_seq bigint); "
        "INSERT INTO public.action_logs (action) VALUES ('x')");
    EXPECT_EQ(verified().rows, 2u);
    EXPECT_EQ(verified().broken, std::nullopt);
}

// A session keeps the plan of a trigger: made while the table was small, it read all of it for each
// row when the table had grown.
TEST_F(AuditLog, IsNeverReadAsAWholeForARow) {
    migrate();
    sql("VACUUM ANALYZE action_logs");
    const std::string scans =
        "SELECT pg_stat_clear_snapshot(), seq_scan FROM pg_stat_user_tables WHERE relname = "
        "'action_logs'";
    const std::string before = sql(scans);
    sql("INSERT INTO action_logs (action) SELECT 'x' FROM generate_series(1, 500)");
    // Counted once the session has ended, and the index is what tells that.
    sql("DO $$ BEGIN FOR n IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); EXIT WHEN (SELECT "
        "idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'action_logs_chain') >= 500; "
        "PERFORM pg_sleep(0.1); END LOOP; END $$");
    EXPECT_EQ(
        sql("SELECT idx_scan >= 500 FROM pg_stat_user_indexes WHERE indexrelname = "
            "'action_logs_chain'"),
        "t"
    );
    EXPECT_EQ(sql(scans), before);
}

TEST_F(AuditLog, IsOneChainUnderConcurrentWriters) {
    const postgres::Statement insert =
        "INSERT INTO action_logs (user_id, action) SELECT n, 'x' FROM generate_series(1, 20) n";
    const postgres::Statement fail =
        "INSERT INTO action_logs (user_id, action) SELECT 1 / (20 - n), 'x' FROM "
        "generate_series(1, 20) n";
    std::vector<Process*> all;
    for (int n = 0; n < 4; ++n) {
        all.push_back(&process());
    }
    const auto write = [&](Process& one) -> asio::awaitable<void> {
        for (int n = 0; n < 25; ++n) {
            const postgres::Params none;
            const postgres::Statement statement = n % 5 == 4 ? fail : insert;
            (void)co_await one.pool.query(statement, none);
        }
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (Process* one : all) {
            tasks.start("write", write(*one));
            tasks.start("write", write(*one));
        }
        co_await tasks.join();
    });
    const AuditReport report = verified();
    EXPECT_EQ(report.broken, std::nullopt);
    EXPECT_EQ(report.rows, 1u + 8 * 20 * 20);
    // Numbers are drawn under the lock, but not given back.
    EXPECT_GT(report.head->chain_seq, 1 + 8 * 20 * 20);
}

}  // namespace
}  // namespace chatear::deletion
