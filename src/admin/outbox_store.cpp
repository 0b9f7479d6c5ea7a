#include "admin/outbox_store.hpp"

#include "admin/json_rows.hpp"
#include "admin/tool.hpp"
#include "base/utc.hpp"
#include "runtime/headers.hpp"
#include "runtime/outbox_rows.hpp"

#include <utility>

namespace chatear::admin {
namespace {

constexpr postgres::Statement list_rows = R"(
    SELECT to_json(r)::text FROM (
        SELECT id, subject, kind, event_id, generation, due_at, due_at < now() AS due, refused_reason, octet_length(payload) AS bytes,
               created_at
        FROM outbox
        WHERE ($1::text IS NULL OR subject = $1 OR origin_subject = $1) AND ($2::text IS NULL OR event_id = $2)
          AND ($6::text IS NULL OR origin_subject = $6)
          AND (NOT $3::boolean OR refused_reason IS NOT NULL)
          AND (NOT $4::boolean OR (refused_reason IS NULL AND due_at < now() - interval '1 minute'))
        ORDER BY due_at, id LIMIT $5::bigint) r)";

constexpr postgres::Statement find_row = R"(
    SELECT to_json(r)::text, (SELECT payload FROM outbox WHERE id = $1::uuid) FROM (
        SELECT id, subject, kind, origin_subject, event_id, generation, due_at, refused_reason, created_at, headers
        FROM outbox WHERE id = $1::uuid) r)";

constexpr postgres::Statement make_row_due =
    "UPDATE outbox SET due_at = now(), refused_reason = NULL WHERE id = $1::uuid";

// The relay wakes by itself only for new rows.
constexpr postgres::Statement wake_relays = "SELECT pg_notify('chatear_outbox', '')";

constexpr postgres::Statement drop_row =
    "DELETE FROM outbox WHERE id = $1::uuid AND refused_reason IS NOT NULL";

std::string text_of(const boost::json::object& row, std::string_view name) {
    const boost::json::value* value = row.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
}

}  // namespace

asio::awaitable<boost::json::array> OutboxStore::list(OutboxFilter filter) {
    postgres::Params params;
    params.optional_text(filter.subject).optional_text(filter.event_id);
    params.boolean(filter.refused)
        .boolean(filter.overdue)
        .integer(filter.limit)
        .optional_text(filter.origin);
    auto found = co_await pool_->query(list_rows, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    co_return json_rows(rows);
}

asio::awaitable<std::optional<OutboxEntry>> OutboxStore::find(std::string id) {
    postgres::Params params;
    params.text(std::move(id));
    auto found = co_await pool_->query(find_row, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    OutboxEntry entry;
    entry.row = json_rows(rows).front().as_object();
    const std::string headers = boost::json::serialize(entry.row["headers"]);
    entry.headers = value_or_end(runtime::headers_from_json(headers));
    entry.payload = rows.bytes(0, 1);
    co_return entry;
}

asio::awaitable<bool> OutboxStore::make_due(std::string id) {
    postgres::Params params;
    params.text(std::move(id));
    auto changed = co_await pool_->query(make_row_due, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(changed));
    const postgres::Params none;
    auto woken = co_await pool_->query(wake_relays, none);
    (void)rows_or_end(std::move(woken));
    co_return rows.affected() > 0;
}

asio::awaitable<bool> OutboxStore::drop(std::string id) {
    postgres::Params params;
    params.text(std::move(id));
    auto deleted = co_await pool_->query(drop_row, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(deleted));
    co_return rows.affected() > 0;
}

ReplayRequest replay_request(const OutboxEntry& entry) {
    ReplayRequest request;
    request.subject = text_of(entry.row, "origin_subject");
    request.event_id = text_of(entry.row, "event_id");
    const boost::json::value* generation = entry.row.if_contains("generation");
    if (generation != nullptr && generation->is_int64()) {
        request.generation = static_cast<std::uint32_t>(generation->as_int64());
    }
    request.payload = entry.payload;
    request.outbox_id = text_of(entry.row, "id");
    request.headers = entry.headers;
    const auto published_at = nats::find_header(entry.headers, runtime::header::published_at);
    const auto time = published_at ? parse_time(*published_at) : Result<Time>(Error{"none"});
    if (time) {
        request.published_at = *time;
    }
    runtime::set_header(
        request.headers, runtime::header::generation, std::to_string(request.generation + 1)
    );
    return request;
}

}  // namespace chatear::admin
