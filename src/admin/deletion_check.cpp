#include "admin/checks.hpp"
#include "base/digest.hpp"
#include "deletion/settings.hpp"
#include "deletion/table_shapes.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace chatear::admin {
namespace {

// to_regclass: a table that is missing is a finding, not an error.
constexpr postgres::Statement about_tables = R"(
    SELECT string_agg(name, ', ' ORDER BY name) AS missing
    FROM unnest('{users,user_deletions,deletion_requests,recovery_tokens,daily_slots,deletion_state,action_logs,event_ledger}'::text[]) name
    WHERE to_regclass(name) IS NULL)";

constexpr postgres::Statement about_deletions = R"(
    SELECT (SELECT count(*) FROM user_deletions WHERE status = 'queued') AS queued,
           (SELECT count(*) FROM user_deletions WHERE status = 'scheduled') AS scheduled,
           (SELECT count(*) FROM user_deletions WHERE status = 'held') AS held,
           (SELECT count(*) FROM user_deletions WHERE status = 'scheduled' AND scheduled_at < now() - interval '1 day') AS late,
           (SELECT count(*) FROM user_deletions WHERE status = 'scheduled' AND scheduled_at < now() - interval '15 minutes') AS waiting,
           (SELECT id::text FROM user_deletions WHERE status = 'scheduled' AND scheduled_at < now() - interval '15 minutes'
            ORDER BY scheduled_at, id LIMIT 1) AS first,
           (SELECT count(*) FROM daily_slots
            WHERE kind = 'execution' AND day = (now() AT TIME ZONE 'utc')::date AND subject = '') AS executed,
           (SELECT count(*) FROM user_deletions
            WHERE status = 'queued' AND next_mail_at < now() - interval '15 minutes') AS mails_late,
           (SELECT value FROM deletion_state WHERE name = 'executions_stopped') AS stopped)";

constexpr postgres::Statement about_log = R"(
    SELECT (SELECT count(*) FROM pg_trigger
            WHERE tgrelid = 'action_logs'::regclass AND tgenabled IN ('O', 'A')
              AND tgname IN ('chatear_audit_chain', 'chatear_audit_refuse')) AS triggers,
           head.id::text AS id, head.chain_seq, head.hash
    FROM (SELECT 1) one LEFT JOIN LATERAL (
        SELECT id, chain_seq, hash FROM action_logs WHERE chain_seq IS NOT NULL ORDER BY chain_seq DESC LIMIT 1) head ON true)";

// One that nobody works on any more, though its ledger row says so, stops executions for ever.
constexpr postgres::Statement about_recoveries = R"(
    SELECT count(*) AS stuck, (array_agg(event_id ORDER BY updated_at, event_id))[1] AS oldest
    FROM event_ledger WHERE subject = 'user.recover' AND status = 'working' AND updated_at < now() - interval '15 minutes')";

// What the product's own shape of our tables means.
constexpr postgres::Statement about_shapes = R"(
    SELECT (SELECT string_agg(quote_ident(conname), ', ' ORDER BY conname) FROM pg_constraint
            WHERE conrelid = 'user_deletions'::regclass AND contype = 'f' AND confdeltype = 'c') AS cascades,
           (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
            WHERE attrelid = 'action_logs'::regclass AND attnum > 0 AND NOT attisdropped
              AND attname <> ALL ('{id,user_id,action,meta,created_at,chain_seq,prev_hash,hash}')) AS not_hashed)";

/// What an execution does to the product's own table.
void judge_users(const deletion::TableShapes& shapes, Findings& findings) {
    findings.ok(
        std::string("an execution sets users.is_deleted") +
        (shapes.users_have_deleted_at ? " and users.deleted_at" : "")
    );
    if (!shapes.deleted_at_is.empty()) {
        findings.ok(
            "users.deleted_at is " + shapes.deleted_at_is +
            ": it is left as it is (an ordinary timestamptz would be set)"
        );
    }
}

asio::awaitable<postgres::Rows> ask(postgres::Pool* pool, postgres::Statement statement) {
    postgres::Params none;
    auto asked = co_await pool->query(statement, std::move(none));
    co_return rows_or_end(std::move(asked));
}

/// With a place left in the day nothing should be due for long.
void judge_what_is_due(const postgres::Rows& rows, int daily_limit, Findings& findings) {
    const bool stopped = !rows.is_null(0, "stopped");
    const bool has_places = rows.integer(0, "executed") < daily_limit;
    if (rows.integer(0, "waiting") > 0 && has_places && !stopped) {
        findings.warning(
            fmt::format(
                "{} deletions are due for more than 15 minutes though the day has places left, "
                "first {}",
                rows.integer(0, "waiting"),
                rows.text(0, "first")
            ),
            "does user-delete-worker run, do Redis and NATS answer it? Else its log says what is "
            "in their way: docs/operations.md, A deletion that is not executed"
        );
    } else if (rows.integer(0, "late") > 0) {
        findings.warning(
            fmt::format("{} deletions are due for more than a day", rows.integer(0, "late")),
            "does user-delete-worker run? Else DELETION_DAILY_LIMIT is what they wait for: chatear "
            "deletions list --due"
        );
    }
}

void judge_deletions(const postgres::Rows& rows, int daily_limit, Findings& findings) {
    findings.ok(fmt::format(
        "{} deletions are queued, {} scheduled",
        rows.integer(0, "queued"),
        rows.integer(0, "scheduled")
    ));
    if (!rows.is_null(0, "stopped")) {
        findings.problem(
            fmt::format("no deletion is executed: {}", rows.text(0, "stopped")),
            "look into it, then chatear deletions resume --reason ..."
        );
    }
    if (rows.integer(0, "held") > 0) {
        findings.warning(
            fmt::format("{} deletions are held and wait for a person", rows.integer(0, "held")),
            "chatear deletions list --status held"
        );
    }
    judge_what_is_due(rows, daily_limit, findings);
    if (rows.integer(0, "mails_late") > 0) {
        findings.warning(
            fmt::format(
                "{} recovery mails should have gone out more than 15 minutes ago",
                rows.integer(0, "mails_late")
            ),
            "does user-delete-worker run, do Redis and the mail server answer it?"
        );
    }
}

void judge_recoveries(const postgres::Rows& rows, Findings& findings) {
    if (rows.integer(0, "stuck") == 0) {
        return;
    }
    findings.problem(
        fmt::format(
            "no deletion is executed: {} user.recover are being worked on for more than 15 "
            "minutes, the oldest is {}",
            rows.integer(0, "stuck"),
            rows.text(0, "oldest")
        ),
        "does user-delete-worker run? It takes over what a dead one had. If its event is lost: "
        "docs/operations.md, A recovery that does not end"
    );
}

void judge_shapes(const postgres::Rows& rows, Findings& findings) {
    if (!rows.is_null(0, "cascades")) {
        findings.warning(
            fmt::format(
                "a row of user_deletions goes with the row that it refers to, and no audit row "
                "says so: ON DELETE CASCADE of {}",
                rows.text(0, "cascades")
            ),
            "ALTER TABLE user_deletions DROP CONSTRAINT ...; a deletion whose account is gone then "
            "ends as failed, audited"
        );
    }
    if (!rows.is_null(0, "not_hashed")) {
        findings.ok(fmt::format(
            "columns of action_logs that are yours, and that no hash covers: {}",
            rows.text(0, "not_hashed")
        ));
    }
}

void judge_log(const postgres::Rows& rows, Findings& findings) {
    if (rows.integer(0, "triggers") != 2) {
        findings.problem(
            "the triggers that keep the audit log append-only and chained are missing or disabled",
            "chatear audit verify; then ALTER TABLE action_logs ENABLE TRIGGER USER, and ask who "
            "did it"
        );
    }
    if (rows.is_null(0, "id")) {
        findings.problem("the audit log has no chain", "chatear migrate up");
        return;
    }
    findings.ok(fmt::format(
        "the audit log's head is {}:{} (link {}); chatear audit verify proves it",
        rows.text(0, "id"),
        to_hex(rows.bytes(0, "hash")),
        rows.integer(0, "chain_seq")
    ));
}

}  // namespace

asio::awaitable<void> check_deletion(Tool& tool, std::shared_ptr<Findings> findings) {
    const int daily_limit = tool.settings(deletion::read_daily_limit);
    postgres::Pool* pool = co_await tool.database();
    const postgres::Rows tables = co_await ask(pool, about_tables);
    if (!tables.is_null(0, "missing")) {
        findings->problem(
            fmt::format("tables are missing: {}", tables.text(0, "missing")), "chatear migrate up"
        );
        co_return;
    }
    const deletion::TableShapes users = co_await deletion::read_table_shapes(*pool);
    judge_users(users, *findings);
    const postgres::Rows deletions = co_await ask(pool, about_deletions);
    judge_deletions(deletions, daily_limit, *findings);
    const postgres::Rows recoveries = co_await ask(pool, about_recoveries);
    judge_recoveries(recoveries, *findings);
    const postgres::Rows log = co_await ask(pool, about_log);
    judge_log(log, *findings);
    const postgres::Rows shapes = co_await ask(pool, about_shapes);
    judge_shapes(shapes, *findings);
}

}  // namespace chatear::admin
