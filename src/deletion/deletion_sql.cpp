#include "deletion/deletion_sql.hpp"

#include "deletion/deletion_rows.hpp"
#include "runtime/outbox_rows.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <string_view>

namespace chatear::deletion {
namespace {

constexpr std::size_t outbox_parameters = 10;

// OFFSET 0: each row is looked up by its key. In a join of tables the planner goes by how many rows
// it believes open, which may be old news, and for a batch of hundreds reads and hashes all of
// them. Each of these selects is short: a user has few deletions and recoveries.
constexpr std::string_view facts_form = R"(
SELECT clock_timestamp() AS now, r.outcome AS entered_outcome, r.generation AS entered_generation,
       r.deletion_id AS entered_deletion_id, c.published AS recovery_published, c.received AS recovery_received,
       ({fresh_id})::text AS fresh_id, {user}, {open}, {executed}, {of_token}
FROM unnest($1::text[], $2::{user_type}[], $3::{deletion_user_type}[], $4::{id_type}[], $5::text[], $6::text[])
         WITH ORDINALITY AS i (event_id, user_id, deletion_user_id, token_deletion_id, user_text, kind, place)
     LEFT JOIN LATERAL (
         SELECT * FROM deletion_requests x WHERE x.event_id = i.event_id AND x.kind = i.kind OFFSET 0) r ON true
     LEFT JOIN LATERAL (SELECT * FROM users x WHERE x.id = i.user_id OFFSET 0) u ON true
     LEFT JOIN LATERAL (
         SELECT * FROM user_deletions x
         WHERE x.user_id = i.deletion_user_id AND x.status IN ('queued', 'scheduled', 'held') OFFSET 0) o ON true
     LEFT JOIN LATERAL (SELECT * FROM user_deletions x WHERE x.id = i.token_deletion_id OFFSET 0) t ON true
     LEFT JOIN LATERAL (
         SELECT * FROM user_deletions x WHERE x.user_id = i.deletion_user_id AND x.status = 'executed'
         ORDER BY x.executed_at DESC NULLS LAST LIMIT 1) e ON true
     LEFT JOIN LATERAL (
         SELECT max(q.published_at) AS published, max(q.received_at) FILTER (WHERE q.published_at IS NULL) AS received
         FROM deletion_requests q WHERE q.user_id = i.user_text AND q.kind = 'recover' AND q.outcome <> 'rejected') c ON true
ORDER BY i.place)";

// A deletion's other columns are named too, since a table that was adopted may have defaults for
// them. Conflicts are counted by who asks: others wrote meanwhile, past the user's lock.
constexpr std::string_view enter_form = R"(
WITH {changes},
created AS (
    INSERT INTO user_deletions (id, user_id, status, requested_at, next_mail_at, held_reason, held_from, times_held, recovery_sent_at,
                                scheduled_at, executed_at, cancelled_at, mail_number, mail_attempts, address_hash, address_changes,
                                notice_number)
    OVERRIDING SYSTEM VALUE
    SELECT u.*, NULL, NULL, NULL, NULL, 1, 0, NULL, 0, 0
    FROM unnest(${n0}::{id_type}[], ${n1}::{deletion_user_type}[], ${n2}::text[], ${n3}::timestamptz[], ${n4}::timestamptz[],
                ${n5}::text[], ${n6}::text[], ${n7}::int[]) AS u
    ON CONFLICT DO NOTHING RETURNING 1),
entered AS (
    INSERT INTO deletion_requests AS r (event_id, user_id, kind, generation, published_at, outcome, deletion_id, received_at)
    SELECT u.*, ${n15}::timestamptz
    FROM unnest(${n8}::text[], ${n9}::text[], ${n10}::text[], ${n11}::int[], ${n12}::timestamptz[], ${n13}::text[], ${n14}::text[]) AS u
    ON CONFLICT (event_id, kind) DO UPDATE
        SET user_id = excluded.user_id, generation = excluded.generation, published_at = excluded.published_at,
            outcome = excluded.outcome, deletion_id = excluded.deletion_id, received_at = excluded.received_at
        WHERE r.outcome = 'rejected' AND excluded.generation > r.generation
    RETURNING 1),
used AS (
    UPDATE recovery_tokens SET used_at = ${n15}::timestamptz WHERE token_sha256 = ANY (${n16}::bytea[]) AND used_at IS NULL),
published AS (INSERT INTO outbox ({outbox_columns}) SELECT {outbox_columns} FROM ({outbox_rows}) p ON CONFLICT DO NOTHING)
SELECT (SELECT count(*) FROM changed) AS changed, (SELECT count(*) FROM created) AS created,
       (SELECT count(*) FROM entered) AS entered)";
constexpr std::size_t enter_parameters = 17;

constexpr std::string_view change_form = R"(
WITH {changes},
published AS (
    INSERT INTO outbox ({outbox_columns}) SELECT {outbox_columns} FROM ({outbox_rows}) p JOIN changed c ON c.place = p.owner
    ON CONFLICT DO NOTHING)
SELECT place FROM changed)";

// Everything hangs on the slot: an eleventh finds none. It is given back with the transaction.
constexpr std::string_view execute_form = R"(
WITH slot AS (
    INSERT INTO daily_slots (kind, day, subject, slot, holder)
    SELECT 'execution', ${day}::date, '', ${slot}::int, ${holder} ON CONFLICT DO NOTHING RETURNING 1),
account AS (
    UPDATE users u SET is_deleted = true{deleted_at} FROM slot WHERE u.id = ${user}::{user_type} RETURNING 1),
{changes},
published AS (
    INSERT INTO outbox ({outbox_columns}) SELECT {outbox_columns} FROM ({outbox_rows}) p JOIN changed c ON c.place = p.owner
    ON CONFLICT DO NOTHING)
SELECT (SELECT count(*) FROM slot) AS slots, (SELECT count(*) FROM account) AS users, (SELECT count(*) FROM changed) AS changed)";

// Only a chained row is proof. The time is read behind the locks that were waited for.
constexpr std::string_view execution_facts_form = R"(
WITH account AS MATERIALIZED (SELECT u.* FROM users u WHERE u.id = $1::{user_type} FOR UPDATE),
clock AS MATERIALIZED (
    SELECT now, (now AT TIME ZONE 'utc')::date AS day FROM (SELECT clock_timestamp() AS now, count(*) FROM account) behind)
SELECT clock.now, clock.day::text AS day,
       (SELECT count(*) FROM daily_slots s WHERE s.kind = 'execution' AND s.day = clock.day AND s.subject = '') AS taken,
       (SELECT min(n) FROM generate_series(1, 1 + (SELECT count(*)::int FROM daily_slots s WHERE s.kind = 'execution'
                                                   AND s.day = clock.day AND s.subject = '')) n
        WHERE NOT EXISTS (SELECT FROM daily_slots s WHERE s.kind = 'execution' AND s.day = clock.day AND s.subject = ''
                          AND s.slot = n)) AS free_slot,
       EXISTS (SELECT FROM email_sends m WHERE m.event_id = $4 AND m.status = 'sent')
           OR EXISTS (SELECT FROM action_logs l
                      WHERE l.action IN ('deletion.mail_refused', 'deletion.mail_accepted_by_operator')
                        AND l.meta ->> 'deletion_id' = $2 AND l.meta ->> 'mail_number' = $3 AND l.chain_seq IS NOT NULL) AS mail_proven,
       EXISTS (SELECT FROM event_ledger v WHERE v.subject = 'user.recover' AND v.status IN ('working', 'retrying', 'deferred'))
           OR {recovery_waits} AS recovery_pending,
       EXISTS (SELECT FROM deletion_state x WHERE x.name = 'executions_stopped') AS stopped,
       {user}
FROM clock LEFT JOIN account u ON true)";

std::string fill_enter(const TableShapes& shapes) {
    std::string text(enter_form);
    fmt::dynamic_format_arg_store<fmt::format_context> arguments;
    const std::size_t first = 1 + change_parameters;
    std::vector<std::string> names;
    for (std::size_t n = 0; n < enter_parameters; ++n) {
        names.push_back("n" + std::to_string(n));
    }
    for (std::size_t n = 0; n < enter_parameters; ++n) {
        arguments.push_back(fmt::arg(names[n].c_str(), first + n));
    }
    arguments.push_back(fmt::arg("changes", change_expressions(shapes, 1)));
    arguments.push_back(fmt::arg("id_type", shapes.deletion_id.name));
    arguments.push_back(fmt::arg("deletion_user_type", shapes.deletion_user_id.name));
    arguments.push_back(fmt::arg("outbox_columns", std::string(runtime::outbox_columns)));
    arguments.push_back(
        fmt::arg("outbox_rows", runtime::outbox_rows_select(first + enter_parameters))
    );
    return fmt::vformat(text, arguments);
}

std::string fill_facts(const TableShapes& shapes) {
    return fmt::format(
        fmt::runtime(facts_form),
        fmt::arg("fresh_id", shapes.fresh_deletion_id),
        fmt::arg("user", user_columns(shapes, "u")),
        fmt::arg("open", deletion_columns("o", "open_")),
        fmt::arg("executed", deletion_columns("e", "executed_")),
        fmt::arg("of_token", deletion_columns("t", "token_")),
        fmt::arg("user_type", shapes.user_id.name),
        fmt::arg("deletion_user_type", shapes.deletion_user_id.name),
        fmt::arg("id_type", shapes.deletion_id.name)
    );
}

std::string fill_change(const TableShapes& shapes) {
    return fmt::format(
        fmt::runtime(change_form),
        fmt::arg("changes", change_expressions(shapes, 1)),
        fmt::arg("outbox_columns", runtime::outbox_columns),
        fmt::arg("outbox_rows", runtime::outbox_rows_select(1 + change_parameters))
    );
}

std::string fill_execute(const TableShapes& shapes) {
    const std::size_t first = 1 + change_parameters + outbox_parameters;
    return fmt::format(
        fmt::runtime(execute_form),
        fmt::arg("changes", change_expressions(shapes, 1)),
        fmt::arg("outbox_columns", runtime::outbox_columns),
        fmt::arg("outbox_rows", runtime::outbox_rows_select(1 + change_parameters)),
        fmt::arg("day", first),
        fmt::arg("slot", first + 1),
        fmt::arg("user", first + 2),
        fmt::arg("holder", first + 3),
        fmt::arg(
            "deleted_at",
            shapes.users_have_deleted_at ? fmt::format(", deleted_at = ${}::timestamptz", first + 4)
                                         : std::string()
        ),
        fmt::arg("user_type", shapes.user_id.name)
    );
}

}  // namespace

DeletionSql::DeletionSql(const TableShapes& shapes)
    : facts(fill_facts(shapes)),
      enter(fill_enter(shapes)),
      change(fill_change(shapes)),
      execute(fill_execute(shapes)) {
    const std::string& id = shapes.deletion_id.name;
    find_tokens = fmt::format(
        R"(SELECT i.place, t.deletion_id, d.user_id::text AS user_id
           FROM unnest($1::bytea[]) WITH ORDINALITY AS i (token_sha256, place)
                JOIN recovery_tokens t ON t.token_sha256 = i.token_sha256 JOIN user_deletions d ON d.id = t.deletion_id::{})",
        id
    );
    audit = fmt::format(
        R"(INSERT INTO action_logs (user_id, action, meta)
           SELECT user_id, action, meta FROM unnest($1::{}[], $2::text[], $3::jsonb[])
               WITH ORDINALITY AS u (user_id, action, meta, place) ORDER BY place)",
        shapes.log_user_id.name
    );
    users = fmt::format(
        "SELECT {} FROM users u WHERE u.id = ANY ($1::{}[])",
        user_columns(shapes, "u"),
        shapes.user_id.name
    );
    execution_facts = fmt::format(
        fmt::runtime(execution_facts_form),
        fmt::arg("recovery_waits", recovery_waits_in_outbox),
        fmt::arg("user_type", shapes.user_id.name),
        fmt::arg("user", user_columns(shapes, "u"))
    );
    add_reads(shapes);
}

void DeletionSql::add_reads(const TableShapes& shapes) {
    const std::string& id = shapes.deletion_id.name;
    const std::string columns = deletion_columns("d");
    const std::string due =
        "SELECT id::text AS id_text, scheduled_at FROM user_deletions WHERE status = 'scheduled' "
        "AND scheduled_at <= now() ";
    due_executions = due + "ORDER BY scheduled_at, id LIMIT $1::bigint";
    due_executions_after = due +
                           fmt::format("AND (scheduled_at, id) > ($2::timestamptz, $3::{}) ", id) +
                           "ORDER BY scheduled_at, id LIMIT $1::bigint";
    due_mails = fmt::format(
        R"(SELECT {} FROM user_deletions d WHERE status = 'queued' AND next_mail_at <= now()
           ORDER BY d.next_mail_at, d.id LIMIT $1::bigint)",
        columns
    );
    find_deletion = fmt::format("SELECT {} FROM user_deletions d WHERE id = $1::{}", columns, id);
    lock_deletion = find_deletion + " FOR UPDATE";
    find_open_deletion = fmt::format(
        "SELECT {} FROM user_deletions d WHERE user_id = $1::{} AND status IN ('queued', "
        "'scheduled', 'held')",
        columns,
        shapes.deletion_user_id.name
    );
    find_token = fmt::format(
        R"(SELECT d.status, t.used_at IS NOT NULL AS used, d.id::text AS deletion_id
           FROM recovery_tokens t JOIN user_deletions d ON d.id = ANY (ARRAY[t.deletion_id::{}]) WHERE t.token_sha256 = $1::bytea)",
        id
    );
}

}  // namespace chatear::deletion
