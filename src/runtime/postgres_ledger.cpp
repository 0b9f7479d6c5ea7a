#include "runtime/postgres_ledger.hpp"

#include "base/assert.hpp"
#include "postgres/storable_text.hpp"
#include "runtime/ledger_params.hpp"
#include "runtime/outbox_rows.hpp"
#include "runtime/store_statement.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace chatear::runtime {
namespace {

// A verdict that committed while `done` waited for the row's lock has published what the snapshot
// of that statement could not see. Left where it is it would do no harm, since the row is done.
const std::string take_back = R"(
WITH superseded AS MATERIALIZED (
    SELECT o.id FROM outbox o JOIN unnest($1::text[], $2::text[]) AS u (subject, event_id)
        ON o.origin_subject = u.subject AND o.event_id = u.event_id
    WHERE o.kind IN ('event', 'dead_letter') ORDER BY o.id FOR UPDATE OF o)
DELETE FROM outbox o USING superseded s WHERE o.id = s.id)";

constexpr std::size_t most_bytes = std::size_t{8} * 1024 * 1024;  // Published by one statement.

std::size_t published_bytes(const VerdictRequest& request) {
    std::size_t bytes = 0;
    for (const OutboxRow& row : request.publish) {
        bytes += row.payload.size();
    }
    return bytes;
}

std::uint32_t count(const postgres::Rows& rows, std::size_t row, std::string_view column) {
    return static_cast<std::uint32_t>(rows.integer(row, column));
}

}  // namespace

PostgresLedger::PostgresLedger(
    postgres::Pool& pool, Identity identity, LedgerTable table, std::chrono::milliseconds retention
)
    : pool_(pool),
      identity_(std::move(identity)),
      table_(std::move(table)),
      retention_(retention),
      sql_(table_) {}

asio::awaitable<std::vector<ClaimReply>> PostgresLedger::claim(std::vector<ClaimRequest> requests) {
    ClaimReply unknown;
    unknown.answer = ClaimAnswer::too_old;  // Only these have no row afterwards (rule 3).
    std::vector<ClaimReply> replies(requests.size(), unknown);
    const std::vector<Places> rounds = rounds_by_key(requests, ledger_key);
    for (const Places& places : rounds) {
        postgres::Params params = claim_params(requests, places);
        const postgres::Rows rows =
            co_await run_store_statement(pool_, sql_.claim, std::move(params));
        std::map<std::pair<std::string, std::string>, std::size_t> row_of;
        for (std::size_t row = 0; row < rows.size(); ++row) {
            row_of[{
                rows.optional_text(row, "subject").value_or(""),
                std::string(rows.text(row, "event_id"))}] = row;
        }
        for (const std::size_t place : places) {
            const ClaimRequest& request = requests[place];
            const auto row =
                row_of.find({table_.has_subject ? request.subject : "", request.event_id});
            if (row != row_of.end()) {
                replies[place] = reply_from(rows, row->second, request);
            }
        }
    }
    co_return replies;
}

postgres::Params PostgresLedger::claim_params(
    const std::vector<ClaimRequest>& requests, const Places& places
) const {
    postgres::Params params;
    params.text(identity_.instance).integer(retention_.count());
    add_claims(params, requests, places);
    std::vector<std::string> digests;
    std::vector<Time> published;
    for (const std::size_t place : places) {
        digests.push_back(requests[place].content_sha256);
        published.push_back(requests[place].published_at);
    }
    params.byte_strings(digests).times(published);
    add_details(params, table_.claim_columns, requests, places);
    return params;
}

ClaimReply PostgresLedger::reply_from(
    const postgres::Rows& rows, std::size_t row, const ClaimRequest& request
) const {
    ClaimReply reply;
    reply.attempts = count(rows, row, "attempts");
    reply.takeovers = count(rows, row, "takeovers");
    const std::string_view status = rows.text(row, "status");
    const std::uint32_t generation = count(rows, row, "generation");
    const bool ours = !rows.is_null(row, "claimed_by") &&
                      rows.text(row, "claimed_by") == identity_.instance &&
                      !rows.is_null(row, "claim_no") &&
                      static_cast<std::uint64_t>(rows.integer(row, "claim_no")) == request.claim_no;
    const bool same_content = rows.is_null(row, "content_sha256") ||
                              rows.bytes(row, "content_sha256") == request.content_sha256;
    if (!same_content) {
        reply.answer = ClaimAnswer::conflict;
    } else if (generation > request.generation) {
        reply.answer = ClaimAnswer::stale;
    } else if (status == table_.working_word && ours) {
        // Within one generation takeovers only count what was taken from the dead.
        reply.answer = reply.takeovers > 0 ? ClaimAnswer::taken_over : ClaimAnswer::granted;
        reply.content_may_have_left = rows.boolean(row, "content_in_doubt");
        reply.already_accepted = rows.boolean(row, "content_accepted");
    } else if (status == table_.working_word) {
        reply.answer = ClaimAnswer::held;
    } else {
        reply.answer =
            generation == request.generation ? ClaimAnswer::finished : ClaimAnswer::stale;
    }
    return reply;
}

asio::awaitable<std::vector<bool>> PostgresLedger::record(std::vector<VerdictRequest> requests) {
    std::vector<bool> stand(requests.size(), false);
    const std::vector<Places> rounds = rounds_by_key(requests, ledger_key);
    for (const Places& round : rounds) {
        for (const Places& places : parts_by_size(requests, round, most_bytes, published_bytes)) {
            const std::vector<std::size_t> standing = co_await record_part(requests, places);
            for (const std::size_t place : standing) {
                stand[place] = true;
            }
        }
    }
    co_return stand;
}

/// One statement; which of the places stand.
asio::awaitable<std::vector<std::size_t>> PostgresLedger::record_part(
    const std::vector<VerdictRequest>& requests, const Places& places
) {
    postgres::Params params = record_params(requests, places);
    const postgres::Rows rows = co_await run_store_statement(pool_, sql_.record, std::move(params));
    std::vector<std::size_t> standing;
    std::vector<std::string> subjects, event_ids;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::size_t place =
            places.at(static_cast<std::size_t>(rows.integer(row, "place")) - 1);
        if (rows.boolean(row, "stands")) {
            standing.push_back(place);
        }
        if (rows.boolean(row, "overtook")) {
            subjects.push_back(requests[place].subject);
            event_ids.push_back(requests[place].event_id);
        }
    }
    if (!subjects.empty()) {
        postgres::Params overtaken;
        overtaken.texts(subjects).texts(event_ids);
        (void)co_await run_store_statement(pool_, take_back, std::move(overtaken));
    }
    co_return standing;
}

postgres::Params PostgresLedger::record_params(
    const std::vector<VerdictRequest>& requests, const Places& places
) const {
    postgres::Params params;
    params.text(identity_.instance);
    add_claims(params, requests, places);
    std::vector<std::string> words;
    std::vector<std::int64_t> counted;
    std::vector<std::optional<std::string>> reasons;
    std::vector<bool> detailed;
    OwnedRows publish;
    for (std::size_t n = 0; n < places.size(); ++n) {
        const VerdictRequest& request = requests[places[n]];
        CHATEAR_ASSERT(request.status != LedgerStatus::working);
        words.push_back(ledger_word(table_, request.status));
        counted.push_back(request.counts_attempt ? 1 : 0);
        const bool has_reason = !request.reason.empty();
        reasons.push_back(
            has_reason ? std::optional(postgres::storable_text(request.reason)) : std::nullopt
        );
        detailed.push_back(!request.details.empty());
        for (const OutboxRow& row : request.publish) {
            publish.emplace_back(n + 1, &row);
        }
    }
    params.texts(words).integers(counted).optional_texts(reasons).booleans(detailed);
    add_details(params, table_.verdict_columns, requests, places);
    add_outbox_params(params, std::move(publish));
    return params;
}

asio::awaitable<std::vector<bool>> PostgresLedger::begin_content(
    std::vector<ContentRequest> requests
) {
    std::vector<bool> ours(requests.size(), false);
    const std::vector<Places> rounds = rounds_by_key(requests, ledger_key);
    for (const Places& places : rounds) {
        postgres::Params params;
        params.text(identity_.instance);
        add_claims(params, requests, places);
        const postgres::Rows rows =
            co_await run_store_statement(pool_, sql_.begin_content, std::move(params));
        for (std::size_t row = 0; row < rows.size(); ++row) {
            ours[places.at(static_cast<std::size_t>(rows.integer(row, "place")) - 1)] = true;
        }
    }
    co_return ours;
}

asio::awaitable<std::size_t> PostgresLedger::remove_final_rows(
    std::chrono::milliseconds age, std::size_t most
) {
    postgres::Params params;
    params.integer(age.count()).integer(static_cast<std::int64_t>(most));
    const postgres::Rows rows =
        co_await run_store_statement(pool_, sql_.remove_final_rows, std::move(params));
    co_return rows.affected();
}

}  // namespace chatear::runtime
