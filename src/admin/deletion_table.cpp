#include "admin/deletion_table.hpp"

#include "admin/json_rows.hpp"
#include "admin/tool.hpp"
#include "deletion/table_shapes.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::admin {
namespace {

constexpr postgres::Statement list_deletions = R"(
    SELECT to_json(r)::text FROM (
        SELECT id::text AS id, user_id::text AS user_id, status, requested_at, recovery_sent_at, scheduled_at, executed_at,
               cancelled_at, mail_number, mail_attempts, next_mail_at, held_from, held_reason
        FROM user_deletions
        WHERE ($1::text IS NULL OR status = $1)
          AND ($2::text IS NULL OR user_id::text = $2)
          AND ($3::timestamptz IS NULL OR requested_at >= $3)
          AND (NOT $4::boolean OR (status = 'scheduled' AND scheduled_at <= now()))
        ORDER BY CASE WHEN $4 THEN scheduled_at END, CASE WHEN $4 THEN id END, requested_at DESC, id
        LIMIT $5::bigint) r)";

constexpr std::string_view find_deletion = R"(
    SELECT to_json(r)::text FROM (
        SELECT d.id::text AS id, d.user_id::text AS user_id, d.status, d.requested_at, d.recovery_sent_at, d.scheduled_at,
               d.executed_at, d.cancelled_at, d.mail_number, d.mail_attempts, d.next_mail_at, d.address_hash,
               d.address_changes, d.notice_number, d.times_held, d.held_from, d.held_reason, d.erased_at,
               (SELECT json_build_object('is_deleted', u.is_deleted, 'has_address', coalesce(u.email, '') <> '')
                FROM users u WHERE u.id::text = d.user_id::text AND u.id = ANY ({users}::{user_type}[])) AS account,
               (SELECT json_agg(m ORDER BY m.event_id) FROM (
                    SELECT event_id, status, recipient, attempts, smtp_reply, sent_at, updated_at FROM email_sends
                    WHERE event_id IN (SELECT d.id || '.' || n FROM generate_series(1, d.mail_number) n)) m) AS mails,
               (SELECT json_agg(q ORDER BY q.received_at) FROM (
                    SELECT event_id, kind, outcome, published_at, received_at FROM deletion_requests
                    WHERE user_id = d.user_id::text) q) AS requests,
               (SELECT count(*) FROM recovery_tokens t WHERE t.deletion_id = d.id::text) AS links,
               (SELECT json_agg(a ORDER BY a.chain_seq) FROM (
                    SELECT chain_seq, id::text AS id, created_at, action, meta FROM action_logs
                    WHERE meta ->> 'deletion_id' = d.id::text) a) AS audit
        FROM user_deletions d WHERE d.id = $1::{id_type}) r)";

/// The user's id as an array of the column's type; empty where it cannot be of that type.
std::string user_array(const deletion::IdType& type) {
    const bool is_integer =
        type.name == "smallint" || type.name == "integer" || type.name == "bigint";
    const std::string pattern = is_integer               ? "^-?[0-9]{1,19}$"
                                : type.name == "numeric" ? "^-?[0-9]+$"
                                : type.name == "uuid"    ? "^[0-9a-f-]{36}$"
                                                         : "";
    if (pattern.empty()) {
        return "ARRAY[d.user_id::text]";
    }
    return fmt::format(
        "CASE WHEN d.user_id::text ~ '{}' THEN ARRAY[d.user_id::text] ELSE ARRAY[]::text[] END",
        pattern
    );
}

}  // namespace

asio::awaitable<boost::json::array> DeletionTable::list(DeletionFilter filter) {
    postgres::Params params;
    params.optional_text(filter.status).optional_text(filter.user_id).optional_time(filter.since);
    params.boolean(filter.due).integer(filter.limit);
    auto found = co_await pool_->query(list_deletions, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    co_return json_rows(rows);
}

asio::awaitable<std::optional<boost::json::object>> DeletionTable::find(std::string id) {
    const deletion::TableShapes shapes = co_await deletion::read_table_shapes(*pool_);
    const std::optional<std::string> canonical = shapes.deletion_id.canonical(id);
    if (!canonical) {
        co_return std::nullopt;
    }
    const std::string statement = fmt::format(
        fmt::runtime(find_deletion),
        fmt::arg("users", user_array(shapes.user_id)),
        fmt::arg("user_type", shapes.user_id.name),
        fmt::arg("id_type", shapes.deletion_id.name)
    );
    postgres::Params params;
    params.text(*canonical);
    auto found = co_await pool_->query(statement, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    co_return json_rows(rows).front().as_object();
}

}  // namespace chatear::admin
