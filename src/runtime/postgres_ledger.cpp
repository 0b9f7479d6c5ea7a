#include "runtime/postgres_ledger.hpp"

#include "base/assert.hpp"
#include "postgres/storable_text.hpp"
#include "runtime/ledger_params.hpp"
#include "runtime/outbox_rows.hpp"
#include "runtime/store_statement.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

// A verdict that committed while `done` waited for the row's lock has published what the snapshot
// of that statement could not see. Left where it is it would do no harm, since the row is done. (By
// coalesce() and uuid_send() only the event leads to the rows: no plan goes through an index of
// all.)
const std::string take_back = R"(
WITH superseded AS MATERIALIZED (
    SELECT o.id FROM outbox o JOIN unnest($1::text[], $2::text[]) AS u (subject, event_id)
        ON o.origin_subject = ANY (ARRAY[u.subject]) AND o.event_id = u.event_id
    WHERE coalesce(o.kind, '') IN ('event', 'dead_letter') ORDER BY uuid_send(o.id) FOR UPDATE OF o)
DELETE FROM outbox o USING superseded s WHERE o.id = ANY (ARRAY[s.id]))";

constexpr std::size_t most_bytes = std::size_t{8} * 1024 * 1024;  // Published by one statement.

std::size_t published_bytes(const VerdictRequest& request) {
    std::size_t bytes = 0;
    for (const OutboxRow& row : request.publish) {
        bytes += row.payload.size();
    }
    return bytes;
}

}  // namespace

PostgresLedger::PostgresLedger(
    postgres::Pool& pool, Identity identity, LedgerTable table, std::chrono::milliseconds retention
)
    : pool_(pool),
      identity_(std::move(identity)),
      table_(std::move(table)),
      retention_(retention),
      sql_(table_) {
    CHATEAR_ASSERT(table_.has_subject || !table_.subject.empty());
}

asio::awaitable<std::vector<bool>> PostgresLedger::record(std::vector<VerdictRequest> requests) {
    std::vector<bool> stand(requests.size(), false);
    const std::vector<Places> rounds = rounds_by_key(requests, ledger_key);
    for (const Places& round : rounds) {
        Divided parts = divide(round, [this, &requests](std::size_t place) {
            const VerdictRequest& request = requests[place];
            return request.status == LedgerStatus::done && request.reason.empty() &&
                   request.publish.empty() &&
                   request.details.size() == table_.verdict_columns.size();
        });
        const bool all_done = co_await record_done(requests, parts.chosen);
        if (all_done) {
            for (const std::size_t place : parts.chosen) {
                stand[place] = true;
            }
        } else {
            parts.others = round;
        }
        for (const Places& places :
             parts_by_size(requests, parts.others, most_bytes, published_bytes)) {
            const std::vector<std::size_t> standing = co_await record_part(requests, places);
            for (const std::size_t place : standing) {
                stand[place] = true;
            }
        }
    }
    co_return stand;
}

/// Whether all of them stand. Those that do are not written once more by the general statement.
asio::awaitable<bool> PostgresLedger::record_done(
    const std::vector<VerdictRequest>& requests, const Places& places
) {
    if (places.empty()) {
        co_return true;
    }
    postgres::Params params;
    params.text(identity_.instance);
    std::vector<std::string> subjects, event_ids;
    std::vector<std::int64_t> claim_nos, counted;
    for (const std::size_t place : places) {
        subjects.push_back(requests[place].subject);
        event_ids.push_back(requests[place].event_id);
        claim_nos.push_back(static_cast<std::int64_t>(requests[place].claim_no));
        counted.push_back(requests[place].counts_attempt ? 1 : 0);
    }
    params.texts(subjects).texts(event_ids).integers(claim_nos).integers(counted);
    add_details(params, table_.verdict_columns, requests, places);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, sql_.record_done, std::move(params));
    co_return rows.affected() == places.size();
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
