// How the ledger answers claims.
#include "runtime/ledger_params.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/store_statement.hpp"

#include <map>
#include <utility>

namespace chatear::runtime {
namespace {

std::uint32_t count(const postgres::Rows& rows, std::size_t row, std::string_view column) {
    return static_cast<std::uint32_t>(rows.integer(row, column));
}

}  // namespace

asio::awaitable<std::vector<ClaimReply>> PostgresLedger::claim(std::vector<ClaimRequest> requests) {
    std::vector<ClaimReply> replies(requests.size());
    const std::vector<Places> rounds = rounds_by_key(requests, ledger_key);
    for (const Places& round : rounds) {
        const Divided parts = divide(round, [&requests](std::size_t place) {
            return requests[place].generation == 0;
        });
        co_await claim_new(requests, parts.chosen, replies);
        co_await claim_any(requests, parts.others, replies);
    }
    co_return replies;
}

/// Of those that come for the first time. It is asked only how many rows it made: where one was not
/// made, all are claimed again, and those that were made answer that they are ours.
asio::awaitable<void> PostgresLedger::claim_new(
    const std::vector<ClaimRequest>& requests,
    const Places& places,
    std::vector<ClaimReply>& replies
) {
    if (places.empty()) {
        co_return;
    }
    postgres::Params params = claim_params(requests, places);
    const postgres::Rows made =
        co_await run_store_statement(pool_, sql_.claim_new, std::move(params));
    if (made.affected() != places.size()) {
        co_await claim_any(requests, places, replies);
        co_return;
    }
    for (const std::size_t place : places) {
        replies[place].answer = ClaimAnswer::granted;
    }
}

asio::awaitable<void> PostgresLedger::claim_any(
    const std::vector<ClaimRequest>& requests,
    const Places& places,
    std::vector<ClaimReply>& replies
) {
    if (places.empty()) {
        co_return;
    }
    postgres::Params params = claim_params(requests, places);
    const postgres::Rows rows = co_await run_store_statement(pool_, sql_.claim, std::move(params));
    std::map<std::pair<std::string, std::string>, std::size_t> row_of;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        row_of[{
            rows.optional_text(row, "subject").value_or(""),
            std::string(rows.text(row, "event_id"))}] = row;
    }
    for (const std::size_t place : places) {
        const ClaimRequest& request = requests[place];
        const auto row = row_of.find({table_.has_subject ? request.subject : "", request.event_id});
        if (row != row_of.end()) {
            replies[place] = reply_from(rows, row->second, request);
        } else {
            replies[place].answer = ClaimAnswer::too_old;  // Only these have no row (rule 3).
        }
    }
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

}  // namespace chatear::runtime
