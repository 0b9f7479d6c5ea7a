#include "admin/audit_log.hpp"

#include "admin/json_rows.hpp"
#include "admin/tool.hpp"

#include <utility>

namespace chatear::admin {
namespace {

constexpr postgres::Statement list_rows = R"(
    SELECT to_json(r)::text FROM (
        SELECT chain_seq, id::text AS id, created_at, user_id::text AS user_id, action, meta
        FROM action_logs
        WHERE ($1::text IS NULL OR user_id::text = $1)
          AND ($2::text IS NULL OR action = $2 OR starts_with(action, $2 || '.'))
          AND ($3::text IS NULL OR meta ->> 'deletion_id' = $3)
          AND ($4::timestamptz IS NULL OR created_at >= $4)
        ORDER BY chain_seq DESC NULLS LAST, created_at DESC, id DESC LIMIT $5::bigint) r)";

// Whatever is hashed stands here as it is hashed: times to the microsecond, meta as the text of
// jsonb.
constexpr postgres::Statement adopted_rows = R"(
    SELECT to_json(r)::text FROM (
        SELECT chain_seq, id::text AS id, user_id::text AS user_id, action,
               to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at, meta::text AS meta,
               encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash
        FROM action_logs WHERE chain_seq IS NULL AND ($1::text IS NULL OR id::text COLLATE "C" > $1)
        ORDER BY id::text COLLATE "C" LIMIT $2::bigint) r)";

constexpr postgres::Statement linked_rows = R"(
    SELECT to_json(r)::text FROM (
        SELECT chain_seq, id::text AS id, user_id::text AS user_id, action,
               to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS created_at, meta::text AS meta,
               encode(prev_hash, 'hex') AS prev_hash, encode(hash, 'hex') AS hash
        FROM action_logs WHERE chain_seq > $1::bigint ORDER BY chain_seq LIMIT $2::bigint) r)";

}  // namespace

asio::awaitable<boost::json::array> AuditLog::list(AuditFilter filter) {
    postgres::Params params;
    params.optional_text(filter.user_id)
        .optional_text(filter.action)
        .optional_text(filter.deletion_id)
        .optional_time(filter.since)
        .integer(filter.limit);
    auto found = co_await pool_->query(list_rows, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    co_return json_rows(rows);
}

asio::awaitable<boost::json::array> AuditLog::next() {
    if (!adopted_done_) {
        boost::json::array rows = co_await next_adopted();
        if (!rows.empty()) {
            co_return std::move(rows);
        }
        adopted_done_ = true;
    }
    co_return co_await next_linked();
}

asio::awaitable<boost::json::array> AuditLog::next_adopted() {
    postgres::Params params;
    params.optional_text(last_adopted_).integer(batch_rows);
    auto found = co_await pool_->query(adopted_rows, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    boost::json::array read = json_rows(rows);
    if (!read.empty()) {
        last_adopted_ = std::string(read.back().at("id").as_string());
    }
    co_return std::move(read);
}

asio::awaitable<boost::json::array> AuditLog::next_linked() {
    postgres::Params params;
    params.integer(last_linked_).integer(batch_rows);
    auto found = co_await pool_->query(linked_rows, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    boost::json::array read = json_rows(rows);
    if (!read.empty()) {
        last_linked_ = read.back().at("chain_seq").to_number<std::int64_t>();
    }
    co_return std::move(read);
}

}  // namespace chatear::admin
