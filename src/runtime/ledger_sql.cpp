#include "runtime/ledger_sql.hpp"

#include "base/assert.hpp"
#include "runtime/ledger_form.hpp"
#include "runtime/outbox_rows.hpp"

#include <fmt/format.h>

#include <string_view>

namespace chatear::runtime {
namespace {

// The claims of events that nobody has met: nearly all there are. What stands already is not
// touched. (The rows of a function come in the order of its arrays.)
constexpr std::string_view claim_new_form = R"(
INSERT INTO {table}
    ({key}, status, generation, claimed_by, claim_no, content_sha256, published_at, takeovers, content_at, content_in_doubt,
     updated_at{detail_names})
SELECT {input_key}, '{working}', i.generation, $1, i.claim_no, i.content_sha256, i.published_at, 0, {may_leave_at}, false,
       now(){detail_values}
FROM unnest($3::text[], $4::text[], $5::int[], $6::bigint[], $7::bytea[], $8::timestamptz[]{detail_arrays})
    AS i (subject, event_id, generation, claim_no, content_sha256, published_at{detail_names})
WHERE i.generation > 0 OR i.published_at >= now() - $2::bigint * interval '1 millisecond'
ON CONFLICT ({key}) DO NOTHING)";

// Any claim: rules 3, 6, 7, 8. Everything that is decided about a row that stands is decided on the
// row itself, under its lock, in d; what is not taken stays as it is, and is returned all the same.
// A claim made after our transaction began is not judged by `workers` as that transaction sees it.
constexpr std::string_view claim_form = R"(
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($3::text[], $4::text[], $5::int[], $6::bigint[], $7::bytea[], $8::timestamptz[]{detail_arrays})
        WITH ORDINALITY AS u (subject, event_id, generation, claim_no, content_sha256, published_at{detail_names}, place)),
me AS MATERIALIZED (
    SELECT coalesce(bool_or(released_at IS NULL AND renewed_at > now() - interval '30 seconds'
                            AND renewed_since <= now() - interval '30 seconds'), false) AS steady
    FROM workers WHERE instance = $1)
INSERT INTO {table} AS t
    ({key}, status, generation, claimed_by, claim_no, content_sha256, published_at, takeovers, content_at, content_in_doubt,
     updated_at{detail_names})
SELECT {input_key}, '{working}', i.generation, $1, i.claim_no, i.content_sha256, i.published_at, 0, {may_leave_at}, false,
       now(){detail_values}
FROM input i
WHERE i.generation > 0 OR i.published_at >= now() - $2::bigint * interval '1 millisecond'
   OR EXISTS (SELECT FROM {table} t WHERE {same_key})
ORDER BY i.place
ON CONFLICT ({key}) DO UPDATE SET
    (status, generation, claimed_by, claim_no, content_sha256, published_at, takeovers, content_at, content_in_doubt,
     updated_at{detail_names}) = (
    SELECT CASE WHEN take THEN '{working}' ELSE t.status END,
           CASE WHEN take THEN excluded.generation ELSE t.generation END,
           CASE WHEN take THEN excluded.claimed_by ELSE t.claimed_by END,
           CASE WHEN take THEN excluded.claim_no ELSE t.claim_no END,
           CASE WHEN take THEN excluded.content_sha256 ELSE t.content_sha256 END,
           coalesce(t.published_at, excluded.published_at),
           CASE WHEN fresh THEN 0 WHEN take AND NOT released THEN t.takeovers + 1 ELSE t.takeovers END,
           CASE WHEN take AND NOT fresh AND in_doubt THEN coalesce(t.content_at, now())
                WHEN take THEN {may_leave_at} ELSE t.content_at END,
           NOT fresh AND in_doubt,
           CASE WHEN take THEN now() ELSE t.updated_at END{detail_keeps}
    FROM (
        SELECT same_content AND fresh AS fresh,
               same_content AND (fresh OR (working AND (released OR dead))) AS take,
               released,
               t.content_in_doubt AND NOT (released AND t.takeovers = 0)
                   OR (same_content AND working AND dead AND NOT released AND t.content_at IS NOT NULL) AS in_doubt
        FROM (
            SELECT t.content_sha256 IS NULL OR t.content_sha256 = excluded.content_sha256 AS same_content,
                   t.status <> '{done}' AND (excluded.generation > t.generation OR (
                       excluded.generation = t.generation AND t.status IN ('retrying', 'deferred'))) AS fresh,
                   excluded.generation = t.generation AND t.status = '{working}' AS working,
                   w.released_at IS NOT NULL AS released,
                   t.claimed_by IS DISTINCT FROM $1 AND t.updated_at <= now() AND (
                       coalesce(w.renewed_at = '-infinity', false)
                       OR (me.steady AND (w.instance IS NULL OR w.renewed_at < now() - interval '30 seconds'))) AS dead
            FROM me LEFT JOIN workers w ON w.instance = t.claimed_by) seen) decided)
RETURNING {returned_subject} AS subject, event_id, status, attempts, generation, claimed_by, claim_no, takeovers,
          content_sha256, content_in_doubt, content_accepted)";

// `done` by who has the claim, where nothing is published and nothing waits to be: nearly all there
// are. (IS NOT DISTINCT FROM, so that no other index than the key's leads to the rows: the one over
// claims would lead to all of ours, once for each.)
constexpr std::string_view record_done_form = R"(
UPDATE {table} t SET status = '{done}', attempts = t.attempts + i.counted, reason = NULL, updated_at = now(){done_at}{detail_sets}
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::int[]{detail_arrays}) AS i (subject, event_id, claim_no, counted{detail_names})
WHERE {same_key} AND t.status IS NOT DISTINCT FROM '{working}'
  AND t.claimed_by IS NOT DISTINCT FROM $1 AND t.claim_no IS NOT DISTINCT FROM i.claim_no
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.origin_subject = i.subject AND o.event_id = i.event_id OFFSET 0))";

// Any verdict: rules 9, 10, 11. The rows are locked in key order first; what is to be published
// comes from the UPDATE's RETURNING, so that both stand or neither. `done` wins over whoever has
// the claim, and takes back what waits to be published of the event. (By uuid_send() rows have the
// order of their ids, but no plan goes through the ids' index for it.)
constexpr std::string_view record_form = R"(
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::int[], $8::text[], $9::bool[]{detail_arrays})
        WITH ORDINALITY AS u (subject, event_id, generation, claim_no, status, counted, reason, detailed{detail_names}, place)),
locked AS MATERIALIZED (
    SELECT i.*, t.status AS stood, t.generation AS stood_generation,
           coalesce(t.claimed_by = $1 AND t.claim_no = i.claim_no, false) AS ours
    FROM input i JOIN {table} t ON {same_key} ORDER BY i.place FOR UPDATE OF t),
decided AS MATERIALIZED (
    SELECT i.*, generation + back AS next_generation, stood <> '{working}' AS overtaken,
           CASE WHEN status = '{done}' THEN stood <> '{done}'
                ELSE ours AND stood = '{working}' AND stood_generation = generation END AS writes,
           CASE WHEN status = '{done}' THEN stood = '{done}'
                ELSE ours AND stood = status AND stood_generation = generation + back END AS stands
    FROM locked i, LATERAL (SELECT CASE WHEN i.status IN ('retrying', 'deferred') THEN 1 ELSE 0 END AS back) s),
updated AS (
    UPDATE {table} t SET status = i.status, attempts = t.attempts + i.counted,
           generation = greatest(t.generation, i.next_generation), reason = i.reason, updated_at = now(){done_at}{detail_sets}
    FROM decided i WHERE {same_key} AND i.writes
    RETURNING i.place, i.status, i.subject, i.event_id),
superseded AS MATERIALIZED (
    SELECT o.id FROM updated u JOIN outbox o ON o.origin_subject = ANY (ARRAY[u.subject]) AND o.event_id = u.event_id
    WHERE u.status = '{done}' ORDER BY uuid_send(o.id) FOR UPDATE OF o),
taken_back AS (DELETE FROM outbox o USING superseded s WHERE o.id = ANY (ARRAY[s.id]) RETURNING o.id),
published AS (
    INSERT INTO outbox ({outbox_columns})
    SELECT {published_columns} FROM ({outbox_rows}) p JOIN updated u ON u.place = p.owner
    WHERE (SELECT count(*) FROM taken_back) >= 0  -- First those go, then these come: a key may stand in both.
    ON CONFLICT DO NOTHING)
SELECT place, writes OR stands AS stands, writes AND status = '{done}' AND overtaken AS overtook FROM decided)";

constexpr std::string_view begin_content_form = R"(
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[])
        WITH ORDINALITY AS u (subject, event_id, generation, claim_no, place)),
locked AS MATERIALIZED (
    SELECT i.* FROM input i JOIN {table} t ON {same_key}
    WHERE t.status IS NOT DISTINCT FROM '{working}' AND t.generation = i.generation
      AND t.claimed_by IS NOT DISTINCT FROM $1 AND t.claim_no IS NOT DISTINCT FROM i.claim_no
    ORDER BY i.place FOR UPDATE OF t)
UPDATE {table} t SET content_at = now() FROM locked i WHERE {same_key} RETURNING i.place)";

// Of a claim whose holder is dead. (NOT IN, which looks into a hash of the input, however many
// claims there are. A claim has a number.)
constexpr std::string_view not_begun_form = R"(
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) AS u (subject, event_id, generation, claim_no)),
locked AS MATERIALIZED (
    SELECT {key} FROM {table} t
    WHERE t.status = '{working}' AND t.claimed_by = $1 AND t.content_at IS NOT NULL AND NOT t.content_in_doubt
      AND ({key}, generation, coalesce(claim_no, -1)) NOT IN (SELECT {input_key}, i.generation, i.claim_no FROM input i)
    ORDER BY {key_in_bytes} FOR UPDATE OF t)
UPDATE {table} t SET content_at = NULL FROM locked i WHERE {same_key})";

// As `done` does, it matches the event alone.
constexpr std::string_view accepted_form = R"(
WITH input AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
        WITH ORDINALITY AS u (subject, event_id, words, recipient, place)),
locked AS MATERIALIZED (
    SELECT i.* FROM input i JOIN {table} t ON {same_key}
    WHERE t.status IN ('{working}', 'retrying', 'deferred') ORDER BY i.place FOR UPDATE OF t)
UPDATE {table} t SET content_accepted = true{reply}{recipient} FROM locked i WHERE {same_key} RETURNING i.place)";

constexpr std::string_view remove_form = R"(
WITH old AS MATERIALIZED (
    SELECT {key} FROM {table}
    WHERE status IN ({final}) AND updated_at < now() - $1::bigint * interval '1 millisecond'{not_kept}
    ORDER BY updated_at LIMIT $2::bigint FOR UPDATE SKIP LOCKED)
DELETE FROM {table} t USING old i WHERE {same_key})";

/// What a verdict sets in the column that says when it was done; nothing where there is none.
std::string done_at_set(const LedgerTable& table, std::string_view form) {
    if (table.done_at_column.empty()) {
        return {};
    }
    CHATEAR_ASSERT(is_name(table.done_at_column));
    return fmt::format(fmt::runtime(form), table.done_at_column, table.done_word);
}

std::string claim_sql(const LedgerTable& table, std::string_view form) {
    LedgerForm claims(table);
    claims.add("may_leave_at", table.keeps_content_at ? "NULL" : "now()");
    claims.add("detail_arrays", each(table.claim_columns, 9, ", ${n}::text[]"));
    claims.add("detail_names", each(table.claim_columns, 9, ", {name}"));
    claims.add(
        "detail_values", each(table.claim_columns, 9, ", coalesce(i.{name}::{type}, {absent})")
    );
    claims.add(
        "detail_keeps", each(table.claim_columns, 9, ", coalesce(t.{name}, excluded.{name})")
    );
    return claims.fill(form);
}

std::string record_done_sql(const LedgerTable& table) {
    LedgerForm verdicts(table);
    verdicts.add("detail_arrays", each(table.verdict_columns, 6, ", ${n}::text[]"));
    verdicts.add("detail_names", each(table.verdict_columns, 6, ", {name}"));
    verdicts.add("detail_sets", each(table.verdict_columns, 6, ", {name} = i.{name}::{type}"));
    verdicts.add("done_at", done_at_set(table, ", {0} = now()"));
    return verdicts.fill(record_done_form);
}

std::string record_sql(const LedgerTable& table) {
    LedgerForm verdicts(table);
    verdicts.add("detail_arrays", each(table.verdict_columns, 10, ", ${n}::text[]"));
    verdicts.add("detail_names", each(table.verdict_columns, 10, ", {name}"));
    verdicts.add(
        "detail_sets",
        each(
            table.verdict_columns,
            10,
            ", {name} = CASE WHEN i.detailed THEN i.{name}::{type} ELSE t.{name} END"
        )
    );
    verdicts.add(
        "done_at",
        done_at_set(table, ", {0} = CASE WHEN i.status = '{1}' THEN now() ELSE t.{0} END")
    );
    verdicts.add("outbox_columns", std::string(outbox_columns));
    verdicts.add(
        "published_columns",
        "p.kind, p.subject, p.payload, p.headers, p.due_at, p.origin_subject, p.event_id, "
        "p.generation"
    );
    verdicts.add("outbox_rows", outbox_rows_select(10 + table.verdict_columns.size()));
    return verdicts.fill(record_form);
}

std::string accepted_sql(const LedgerTable& table) {
    LedgerForm acceptance(table);
    const std::string& reply = table.reply_column;
    const std::string& to = table.recipient_column;
    CHATEAR_ASSERT((reply.empty() || is_name(reply)) && (to.empty() || is_name(to)));
    acceptance.add("reply", reply.empty() ? "" : fmt::format(", {} = i.words", reply));
    constexpr auto named = ", {0} = coalesce(nullif(i.recipient, ''), t.{0})";
    acceptance.add("recipient", to.empty() ? "" : fmt::format(named, to));
    return acceptance.fill(accepted_form);
}

std::string remove_sql(const LedgerTable& table) {
    LedgerForm removal(table);
    removal.add("final", fmt::format("'{}', 'failed', 'ambiguous'", table.done_word));
    CHATEAR_ASSERT(table.kept_column.empty() || is_name(table.kept_column));
    removal.add(
        "not_kept", table.kept_column.empty() ? "" : fmt::format(" AND NOT {}", table.kept_column)
    );
    return removal.fill(remove_form);
}

}  // namespace

LedgerSql::LedgerSql(const LedgerTable& table)
    : claim_new(claim_sql(table, claim_new_form)),
      claim(claim_sql(table, claim_form)),
      record_done(record_done_sql(table)),
      record(record_sql(table)),
      begin_content(LedgerForm(table).fill(begin_content_form)),
      not_begun(LedgerForm(table).fill(not_begun_form)),
      accepted(accepted_sql(table)),
      remove_final_rows(remove_sql(table)) {}

std::string ledger_word(const LedgerTable& table, LedgerStatus status) {
    switch (status) {
        case LedgerStatus::working:
            return table.working_word;
        case LedgerStatus::done:
            return table.done_word;
        case LedgerStatus::retrying:
            return "retrying";
        case LedgerStatus::deferred:
            return "deferred";
        case LedgerStatus::failed:
            return "failed";
        case LedgerStatus::ambiguous:
            return "ambiguous";
    }
    CHATEAR_ASSERT(false && "a status of the ledger");
    return {};
}

}  // namespace chatear::runtime
