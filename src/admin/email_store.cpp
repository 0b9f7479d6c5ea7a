#include "admin/email_store.hpp"

#include "admin/json_rows.hpp"
#include "admin/tool.hpp"

#include <utility>

namespace chatear::admin {
namespace {

constexpr postgres::Statement list_emails = R"(
    SELECT to_json(r)::text FROM (
        SELECT event_id, status, recipient, template_name, attempts, coalesce(error, reason) AS reason, sent_at, updated_at
        FROM email_sends
        WHERE ($1::text IS NULL OR status = $1)
          AND ($2::text IS NULL OR position(lower($2) IN lower(recipient)) > 0)
          AND ($3::text IS NULL OR template_name = $3)
          AND ($4::timestamptz IS NULL OR updated_at >= $4)
        ORDER BY updated_at DESC, event_id LIMIT $5::bigint) r)";

constexpr postgres::Statement find_email = R"(
    SELECT to_json(r)::text FROM (
        SELECT e.event_id, e.status, e.recipient, e.template_name, e.attempts, e.generation, e.takeovers, e.reason, e.error,
               e.smtp_reply, e.message_id, encode(e.content_sha256, 'hex') AS content_sha256, e.published_at, e.created_at,
               e.updated_at, e.content_at, e.sent_at, e.claimed_by, e.claim_no,
               (SELECT json_agg(w) FROM (SELECT worker, host, started_at, renewed_at, released_at FROM workers
                                         WHERE instance = e.claimed_by) w) AS holder,
               (SELECT json_agg(s) FROM (SELECT instance, started_at, crashes FROM suspects
                                         WHERE subject = 'email.send' AND event_id = e.event_id) s) AS suspect
        FROM email_sends e WHERE e.event_id = $1::text) r)";

}  // namespace

asio::awaitable<boost::json::array> EmailStore::list(EmailFilter filter) {
    postgres::Params params;
    params.optional_text(filter.status)
        .optional_text(filter.recipient)
        .optional_text(filter.template_name);
    params.optional_time(filter.since).integer(filter.limit);
    auto found = co_await pool_->query(list_emails, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    co_return json_rows(rows);
}

asio::awaitable<std::optional<boost::json::object>> EmailStore::find(std::string event_id) {
    postgres::Params params;
    params.text(std::move(event_id));
    auto found = co_await pool_->query(find_email, std::move(params));
    const postgres::Rows rows = rows_or_end(std::move(found));
    if (rows.empty()) {
        co_return std::nullopt;
    }
    co_return json_rows(rows).front().as_object();
}

}  // namespace chatear::admin
