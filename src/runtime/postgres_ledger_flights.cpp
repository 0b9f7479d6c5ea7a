// What the ledger learns of a process that died, from its flight recorder.
#include "postgres/storable_text.hpp"
#include "runtime/ledger_params.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/store_statement.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

namespace chatear::runtime {
namespace {

/// Of a content that was accepted: somebody else's verdict stands, and is wrong.
VerdictRequest done_verdict(const Flight& flight) {
    VerdictRequest verdict;
    verdict.subject = flight.subject;
    verdict.event_id = flight.event_id;
    verdict.generation = flight.generation;
    verdict.claim_no = flight.claim_no;
    verdict.status = LedgerStatus::done;
    return verdict;
}

}  // namespace

asio::awaitable<void> PostgresLedger::speak_for(FlightLog dead) {
    const FlightLog log =
        table_.has_subject ? std::move(dead) : only_of(std::move(dead), table_.subject);
    if (log.complete) {
        Places all(log.flights.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        postgres::Params params;
        params.text(postgres::storable_text(log.instance));
        add_claims(params, log.flights, all);
        (void)co_await run_store_statement(pool_, sql_.not_begun, std::move(params));
    }
    std::vector<Flight> accepted;
    std::copy_if(
        log.flights.begin(),
        log.flights.end(),
        std::back_inserter(accepted),
        [](const Flight& flight) { return flight.accepted; }
    );
    std::vector<VerdictRequest> others;
    for (const Places& places : rounds_by_key(accepted, ledger_key)) {
        const std::vector<std::size_t> marked = co_await mark_accepted(accepted, places);
        for (const std::size_t place : places) {
            if (std::find(marked.begin(), marked.end(), place) == marked.end()) {
                others.push_back(done_verdict(accepted[place]));
            }
        }
    }
    (void)co_await record(std::move(others));
}

/// Which of the places are marked: their events will be worked on by somebody.
asio::awaitable<std::vector<std::size_t>> PostgresLedger::mark_accepted(
    const std::vector<Flight>& flights, const Places& places
) {
    std::vector<std::string> subjects, event_ids, words;
    for (const std::size_t place : places) {
        subjects.push_back(flights[place].subject);
        event_ids.push_back(flights[place].event_id);
        words.push_back(postgres::storable_text(flights[place].words));
    }
    postgres::Params params;
    params.texts(subjects).texts(event_ids).texts(words);
    const postgres::Rows rows =
        co_await run_store_statement(pool_, sql_.accepted, std::move(params));
    std::vector<std::size_t> marked;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        marked.push_back(places.at(static_cast<std::size_t>(rows.integer(row, "place")) - 1));
    }
    co_return marked;
}

}  // namespace chatear::runtime
