#include "deletion/erasure_sql.hpp"

#include "deletion/deletion_sql.hpp"

#include <fmt/format.h>

#include <string_view>

namespace chatear::deletion {
namespace {

constexpr std::string_view due_form = R"(
SELECT d.id::text AS id, d.executed_at FROM user_deletions d
WHERE d.status = 'executed' AND d.erased_at IS NULL AND d.executed_at <= now() - $1::bigint * interval '1 millisecond' {}
ORDER BY d.executed_at, d.id LIMIT $2::bigint)";

// An account that was given back and deleted again has its time from the last deletion. An e-mail
// that nobody touched for 30 days is over: its event was given up, or lost.
constexpr std::string_view facts_form = R"(
SELECT d.user_id::text AS user_id, d.executed_at,
       d.status = 'executed' AND d.erased_at IS NULL
           AND coalesce(d.executed_at <= clock_timestamp() - $2::bigint * interval '1 millisecond', false) AS due,
       EXISTS (SELECT FROM deletion_state WHERE name = 'executions_stopped') AS stopped,
       row_security_active('users') AS rows_may_hide,
       EXISTS (SELECT FROM user_deletions o WHERE o.user_id = d.user_id AND o.id <> d.id AND (
           o.status IN ('queued', 'scheduled', 'held') OR (o.status = 'executed'
               AND coalesce(o.executed_at, o.requested_at) > clock_timestamp() - $2::bigint * interval '1 millisecond'))) AS newer,
       EXISTS (SELECT FROM user_deletions o CROSS JOIN (VALUES ('.recovered'), ('.deleted')) w (word)
                    JOIN email_sends m ON m.event_id = o.id::text || w.word
               WHERE o.user_id = d.user_id AND m.status IN ('sending', 'retrying', 'deferred')
                 AND m.updated_at > clock_timestamp() - interval '30 days') AS mail_on_way
FROM user_deletions d WHERE d.id = $1::{id_type} FOR UPDATE OF d)";

// By keys, so that the ledger's own index finds them. `updated_at` stays: by it the ledger forgets
// its rows.
constexpr std::string_view blank_form = R"(
WITH mails AS (
    UPDATE email_sends m SET recipient = NULL, smtp_reply = NULL, error = NULL, reason = NULL, message_id = NULL
    FROM user_deletions d JOIN user_deletions o ON o.user_id = d.user_id
         CROSS JOIN LATERAL (SELECT n::text AS word FROM generate_series(1, o.mail_number) n
                             UNION ALL VALUES ('recovered'), ('deleted')) w
    WHERE d.id = $1::{id_type} AND m.event_id = o.id::text || '.' || w.word RETURNING 1),
deletions AS (
    UPDATE user_deletions o
    SET address_hash = NULL, erased_at = CASE WHEN o.id = $1::{id_type} THEN clock_timestamp() ELSE o.erased_at END
    WHERE o.user_id = (SELECT d.user_id FROM user_deletions d WHERE d.id = $1::{id_type}) RETURNING 1)
SELECT count(*) AS mails FROM mails)";

/// "UPDATE users SET ...", $1 being the id and the stand-ins what follows; "" = there is nothing to
/// set. Names of columns were checked when they were read.
std::string blank_account_sql(const ErasurePlan& plan, const TableShapes& shapes) {
    std::string assignments;
    std::size_t next = 2;
    for (const Blank& blank : plan.columns) {
        const std::string value = blank.with == Blank::With::null    ? "NULL"
                                  : blank.with == Blank::With::empty ? "''"
                                                                     : fmt::format("${}", next++);
        assignments +=
            fmt::format("{}\"{}\" = {}", assignments.empty() ? "" : ", ", blank.column, value);
    }
    if (assignments.empty()) {
        return assignments;
    }
    return fmt::format("UPDATE users SET {} WHERE id = $1::{}", assignments, shapes.user_id.name);
}

}  // namespace

// A domain counts as what it is over. Under a unique index over an expression, or one in which
// NULLs are equal (PostgreSQL 15 and newer have that column), two NULLs may meet.
const std::string select_user_columns = R"(
SELECT a.attname AS name, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type, t.typcategory = 'S' AS is_text,
       NOT a.attnotnull AND NOT t.typnotnull AND NOT coalesce(bool_or(k.nulls_meet), false) AS may_be_null,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
       coalesce(bool_or(k.indisprimary), false) AS primary_key, count(k.indexrelid) > 0 AS is_unique,
       CASE WHEN coalesce(nullif(t.typbasetype, 0), t.oid) IN ('varchar'::regtype, 'bpchar'::regtype)
            THEN nullif(greatest(CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END, 4), 4) - 4 END AS most_characters
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN LATERAL (
         SELECT i.indexrelid, i.indisprimary,
                i.indexprs IS NOT NULL OR coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_meet
         FROM pg_index i
         WHERE i.indrelid = a.attrelid AND (i.indisunique OR i.indisexclusion)
           AND (a.attnum = ANY (i.indkey) OR (i.indexprs IS NOT NULL AND EXISTS (
                SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)))) k ON true
WHERE a.attrelid = to_regclass('users') AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY a.attnum, a.attname, a.attnotnull, a.attgenerated, a.attidentity, a.atttypmod, t.oid, t.typbasetype, t.typcategory,
         t.typnotnull, t.typtype, t.typtypmod)";

ErasureSql::ErasureSql(const TableShapes& shapes, const ErasurePlan& plan)
    : audit(DeletionSql(shapes).audit),
      due(fmt::format(fmt::runtime(due_form), "")),
      due_behind(fmt::format(
          fmt::runtime(due_form),
          fmt::format(
              "AND (d.executed_at, d.id) > ($3::timestamptz, $4::{})", shapes.deletion_id.name
          )
      )),
      facts(fmt::format(fmt::runtime(facts_form), fmt::arg("id_type", shapes.deletion_id.name))),
      account(fmt::format(
          "SELECT coalesce(is_deleted, false) AS is_deleted FROM users WHERE id = $1::{} FOR "
          "UPDATE",
          shapes.user_id.name
      )),
      blank_account(blank_account_sql(plan, shapes)),
      blank(fmt::format(fmt::runtime(blank_form), fmt::arg("id_type", shapes.deletion_id.name))) {}

}  // namespace chatear::deletion
