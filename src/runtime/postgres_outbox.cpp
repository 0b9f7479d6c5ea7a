#include "runtime/postgres_outbox.hpp"

#include "base/log.hpp"
#include "postgres/storable_text.hpp"
#include "runtime/outbox_rows.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

namespace chatear::runtime {
namespace {

const std::string add_rows = fmt::format(
    R"(INSERT INTO outbox ({0}) SELECT {0} FROM ({1}) p ON CONFLICT DO NOTHING)",
    outbox_columns,
    outbox_rows_select(1)
);

// $1 most, $2 lease in ms, $3 subjects to skip, $4 bytes: the first row goes whatever its size, the
// others as long as those before them have fewer.
const std::string take_rows = R"(
WITH due AS MATERIALIZED (
    SELECT id, due_at, octet_length(payload) AS bytes FROM outbox
    WHERE refused_reason IS NULL AND due_at <= now() AND subject <> ALL ($3::text[])
    ORDER BY due_at LIMIT $1::bigint FOR UPDATE SKIP LOCKED),
fitting AS MATERIALIZED (
    SELECT id, due_at FROM (
        SELECT id, due_at, sum(bytes) OVER (ORDER BY due_at, id) - bytes AS bytes_before FROM due) summed
    WHERE bytes_before < $4::bigint),
taken AS (
    UPDATE outbox o SET due_at = now() + $2::bigint * interval '1 millisecond' FROM fitting f
    WHERE o.id = ANY (ARRAY[f.id])
    RETURNING o.id, o.kind, o.subject, o.payload, o.headers, o.origin_subject, o.event_id, o.generation,
              f.due_at AS was_due)
SELECT * FROM taken ORDER BY was_due)";

// Rows are locked in the order of their ids, as a verdict that takes them back does.
const std::string remove_rows = R"(
WITH gone AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE)
DELETE FROM outbox o USING gone WHERE o.id = ANY (ARRAY[gone.id]))";

// $1 ids, $2 ms from now.
const std::string put_back_rows = R"(
WITH back AS MATERIALIZED (SELECT id FROM outbox WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE)
UPDATE outbox o SET due_at = now() + $2::bigint * interval '1 millisecond' FROM back WHERE o.id = ANY (ARRAY[back.id]))";

// $1 id, $2 reason, then the dead letter's row, or none. The ledger row that waits for exactly this
// row fails with it; which table that is tells the subject, whichever worker's relay runs this.
// (IS NULL would let a plan go through all that is due.)
const std::string refuse_row = fmt::format(
    R"(
WITH refused AS (
    UPDATE outbox SET refused_reason = $2 WHERE id = $1::uuid AND num_nulls(refused_reason) = 1
    RETURNING kind, origin_subject, event_id, generation),
came_back AS (SELECT * FROM refused WHERE kind = 'event'),
failed_email AS (
    UPDATE email_sends t SET status = 'failed', reason = $2, updated_at = now() FROM came_back r
    WHERE r.origin_subject = 'email.send' AND t.event_id = ANY (ARRAY[r.event_id]) AND t.generation = r.generation
      AND t.status IN ('retrying', 'deferred')),
failed AS (
    UPDATE event_ledger t SET status = 'failed', reason = $2, updated_at = now() FROM came_back r
    WHERE t.subject = ANY (ARRAY[r.origin_subject]) AND t.event_id = r.event_id AND t.generation = r.generation
      AND t.status IN ('retrying', 'deferred'))
INSERT INTO outbox ({0})
SELECT p.kind, p.subject, p.payload, p.headers, p.due_at, p.origin_subject, p.event_id, p.generation
FROM ({1}) p CROSS JOIN came_back ON CONFLICT DO NOTHING)",
    outbox_columns,
    outbox_rows_select(3)
);

const std::string next_due = R"(
SELECT ceil(extract(epoch FROM greatest(due_at, now()) - now()) * 1000)::bigint AS ms
FROM outbox WHERE refused_reason IS NULL AND due_at IS NOT NULL ORDER BY due_at LIMIT 1)";

TakenRow taken_row(const postgres::Rows& rows, std::size_t row, Headers headers) {
    TakenRow taken;
    taken.id = rows.text(row, "id");
    taken.kind = outbox_kind(rows.optional_text(row, "kind"));
    taken.subject = rows.text(row, "subject");
    taken.payload = rows.bytes(row, "payload");
    taken.headers = std::move(headers);
    taken.origin_subject = rows.optional_text(row, "origin_subject").value_or("");
    taken.event_id = rows.optional_text(row, "event_id").value_or("");
    const bool has_generation = !rows.is_null(row, "generation");
    taken.generation =
        has_generation ? static_cast<std::uint32_t>(rows.integer(row, "generation")) : 0;
    return taken;
}

}  // namespace

asio::awaitable<void> PostgresOutbox::add(std::vector<OutboxRow> rows) {
    std::vector<std::size_t> all(rows.size());
    std::iota(all.begin(), all.end(), std::size_t{0});
    const auto bytes_of = [](const OutboxRow& row) { return row.payload.size(); };
    for (const std::vector<std::size_t>& part : parts_by_size(rows, all, most_bytes, bytes_of)) {
        OwnedRows owned;
        for (const std::size_t place : part) {
            owned.emplace_back(0, &rows[place]);
        }
        postgres::Params params;
        add_outbox_params(params, std::move(owned));
        (void)co_await run_store_statement(pool_, add_rows, std::move(params));
    }
}

asio::awaitable<std::vector<TakenRow>> PostgresOutbox::take(
    std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> subjects_to_skip
) {
    postgres::Params params;
    params.integer(static_cast<std::int64_t>(most)).integer(lease.count()).texts(subjects_to_skip);
    params.integer(static_cast<std::int64_t>(most_bytes));
    const postgres::Rows rows = co_await run_store_statement(pool_, take_rows, std::move(params));
    std::vector<TakenRow> taken;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Result<Headers> headers = headers_from_json(rows.text(row, "headers"));
        if (headers) {
            taken.push_back(taken_row(rows, row, std::move(*headers)));
            continue;
        }
        // Somebody wrote the row past chatear_publish. It can never go out, and must not come
        // again.
        std::string id(rows.text(row, "id"));
        std::string reason = headers.error().message;
        log::error("a row of the outbox cannot be published", {{"id", id}, {"reason", reason}});
        co_await refuse(std::move(id), std::move(reason), std::nullopt);
    }
    co_return taken;
}

asio::awaitable<void> PostgresOutbox::remove(std::vector<std::string> ids) {
    postgres::Params params;
    params.texts(ids);
    (void)co_await run_store_statement(pool_, remove_rows, std::move(params));
}

asio::awaitable<void> PostgresOutbox::put_back(
    std::vector<std::string> ids, std::chrono::milliseconds after
) {
    postgres::Params params;
    params.texts(ids).integer(after.count());
    (void)co_await run_store_statement(pool_, put_back_rows, std::move(params));
}

asio::awaitable<void> PostgresOutbox::refuse(
    std::string id, std::string reason, std::optional<OutboxRow> dead_letter
) {
    OwnedRows owned;
    if (dead_letter) {
        owned.emplace_back(0, &*dead_letter);
    }
    postgres::Params params;
    params.text(id).text(postgres::storable_text(reason));
    add_outbox_params(params, std::move(owned));
    (void)co_await run_store_statement(pool_, refuse_row, std::move(params));
}

asio::awaitable<std::optional<std::chrono::milliseconds>> PostgresOutbox::until_next_due() {
    postgres::Params none;
    const postgres::Rows rows = co_await run_store_statement(pool_, next_due, std::move(none));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    co_return std::chrono::milliseconds(rows.integer(0, 0));
}

}  // namespace chatear::runtime
