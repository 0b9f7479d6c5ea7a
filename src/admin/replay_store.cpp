#include "admin/replay_store.hpp"

#include "admin/tool.hpp"
#include "runtime/outbox_rows.hpp"

#include <utility>

namespace chatear::admin {
namespace {

// `TABLE` and `KEY` are put in for each of the two ledgers. attempts start anew, since a person has
// looked; takeovers stay, since only a verdict clears a suspect. content_at goes with the attempt
// that it was about.
constexpr std::string_view replay_pattern = R"(
    WITH raised AS (
        UPDATE TABLE SET generation = generation + 1, status = 'retrying', attempts = 0, content_at = NULL,
            claimed_by = NULL, claim_no = NULL, updated_at = now()
        WHERE KEY AND generation = $3::integer AND status IN ('failed', 'ambiguous')
        RETURNING generation
    ), made AS (
        INSERT INTO TABLE (COLUMNS status, generation, content_sha256, published_at)
        SELECT VALUES 'retrying', $3::integer + 1, $4::bytea, $5::timestamptz
        WHERE NOT EXISTS (SELECT FROM TABLE WHERE KEY)
        ON CONFLICT DO NOTHING
        RETURNING generation
    ), coming AS (
        SELECT generation FROM raised UNION ALL SELECT generation FROM made
    ), replaced AS (
        DELETE FROM outbox WHERE id = $8::uuid AND refused_reason IS NOT NULL AND EXISTS (SELECT FROM coming)
    ), back AS (
        INSERT INTO outbox (subject, payload, headers, origin_subject, event_id, kind, generation)
        SELECT $1::text, $7::bytea, $6::jsonb, $1::text, $2::text, 'event', generation FROM coming
        ON CONFLICT DO NOTHING
    )
    SELECT count(*) FROM coming)";

constexpr std::string_view look_pattern =
    "SELECT status, generation FROM TABLE WHERE KEY AND $1::text IS NOT NULL";

std::string replace_all(std::string text, std::string_view word, std::string_view by) {
    for (std::size_t at = text.find(word); at != std::string::npos;
         at = text.find(word, at + by.size())) {
        text.replace(at, word.size(), by);
    }
    return text;
}

std::string for_email(std::string_view pattern) {
    std::string text = replace_all(std::string(pattern), "TABLE", "email_sends");
    text = replace_all(std::move(text), "KEY", "event_id = $2::text");
    text = replace_all(std::move(text), "COLUMNS", "event_id,");
    return replace_all(std::move(text), "VALUES", "$2::text,");
}

std::string for_others(std::string_view pattern) {
    std::string text = replace_all(std::string(pattern), "TABLE", "event_ledger");
    text = replace_all(std::move(text), "KEY", "subject = $1::text AND event_id = $2::text");
    text = replace_all(std::move(text), "COLUMNS", "subject, event_id,");
    return replace_all(std::move(text), "VALUES", "$1::text, $2::text,");
}

const std::string& replay_statement(bool email) {
    static const std::string emails = for_email(replay_pattern);
    static const std::string others = for_others(replay_pattern);
    return email ? emails : others;
}

const std::string& look_statement(bool email) {
    static const std::string emails = for_email(look_pattern);
    static const std::string others = for_others(look_pattern);
    return email ? emails : others;
}

postgres::Params replay_params(const ReplayRequest& request) {
    postgres::Params params;
    params.text(request.subject).text(request.event_id).integer(request.generation);
    if (request.content_sha256.empty()) {
        params.null();
    } else {
        params.bytes(request.content_sha256);
    }
    params.optional_time(request.published_at)
        .text(runtime::headers_to_json(request.headers))
        .bytes(request.payload);
    return request.outbox_id.empty() ? params.null() : params.text(request.outbox_id);
}

}  // namespace

ReplayRequest replay_request(const DeadLetter& letter) {
    ReplayRequest request;
    request.subject = letter.subject;
    request.event_id = letter.event_id;
    request.generation = letter.generation;
    request.content_sha256 = letter.content_sha256;
    request.published_at = letter.published_at;
    request.headers = replay_headers(letter);
    request.payload = letter.payload;
    return request;
}

ReplayAnswer judge_unmatched(std::string_view status, std::uint32_t now_in, std::uint32_t died_in) {
    if (status == "sent" || status == "done" || status == "suppressed") {
        return ReplayAnswer::finished;
    }
    return now_in > died_in ? ReplayAnswer::replayed_before : ReplayAnswer::other;
}

asio::awaitable<ReplayResult> ReplayStore::replay(ReplayRequest request) {
    const bool email = request.subject == "email.send";
    const postgres::Statement statement(replay_statement(email));
    postgres::Params params = replay_params(request);
    auto done = co_await pool_->query(statement, std::move(params));
    const postgres::Rows counted = rows_or_end(std::move(done));
    ReplayResult result;
    if (counted.integer(0, 0) > 0) {
        result.answer = ReplayAnswer::replayed;
        result.generation = request.generation + 1;
        co_return result;
    }
    // In a statement of its own: what another process has just committed must be seen.
    const postgres::Statement look(look_statement(email));
    postgres::Params key;
    key.text(request.subject).text(request.event_id);
    auto found = co_await pool_->query(look, std::move(key));
    const postgres::Rows rows = rows_or_end(std::move(found));
    if (!rows.empty()) {
        result.status = rows.text(0, 0);
        result.generation = static_cast<std::uint32_t>(rows.integer(0, 1));
        result.answer = judge_unmatched(result.status, result.generation, request.generation);
    }
    co_return result;
}

}  // namespace chatear::admin
