// What the Consumer does with what became of an event: verdict, acknowledgement, report.
#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"
#include "net/task_group.hpp"
#include "runtime/consumer.hpp"
#include "runtime/consumer_work.hpp"

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

namespace {

/// What stands in for a verdict whose values the ledger cannot hold. What happened stays what
/// happened: else its dead letter, replayed, would make it happen again.
Verdict without_details(const Verdict& refused, const VerdictContext& context, std::string why) {
    if (refused.status == LedgerStatus::done) {
        return decide(Done{}, context);
    }
    return decide(Reject{"the ledger cannot hold its verdict: " + std::move(why)}, context);
}

}  // namespace

asio::awaitable<void> Consumer::conclude(Work& work, Outcome outcome) {
    const VerdictContext context{
        .event = *work.event,
        .worker = options_.worker,
        .attempts = work.state->claim.reply.attempts,
        .policy = options_.retry,
        .random = std::generate_canonical<double, 32>(random_),
        .now = clock_.now()};
    Verdict verdict = decide(outcome, context);
    for (OutboxRow& row : told_to_others(work, verdict)) {
        verdict.publish.push_back(std::move(row));
    }
    const Settlement settlement = co_await record(work, verdict);
    work.in_hand->state.reset();
    switch (settlement.action) {
        case Settlement::Action::ack:
            crash_point("before-ack");
            source_.ack(work.ack);
            crash_point("after-ack");
            break;
        case Settlement::Action::nak:
            source_.nak(work.ack, settlement.delay);
            break;
        case Settlement::Action::drop:
            ++status_.dropped;
            break;
    }
    report(work, outcome, verdict, settlement);
}

/// Where the ledger refuses the verdict's values, `verdict` becomes one that it can hold.
asio::awaitable<Settlement> Consumer::record(const Work& work, Verdict& verdict) {
    std::string refused;
    try {
        Verdict recorded = verdict;
        std::vector<std::optional<std::string>> details = noted_details(work);
        const Settlement settlement = co_await judge_.record(
            *work.event, work.state->claim, std::move(recorded), std::move(details)
        );
        co_return settlement;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        refused = error.what();
    }
    log::error(
        "the ledger cannot hold a verdict; it is recorded without its details",
        {{"subject", subscription_.subject},
         {"event_id", work.event->event_id},
         {"reason", refused}}
    );
    const VerdictContext context{
        .event = *work.event,
        .worker = options_.worker,
        .attempts = work.state->claim.reply.attempts,
        .now = clock_.now()};
    verdict = without_details(verdict, context, std::move(refused));
    Verdict recorded = verdict;
    std::vector<std::optional<std::string>> none;
    co_return co_await judge_.record(
        *work.event, work.state->claim, std::move(recorded), std::move(none)
    );
}

/// An exception here must not keep the verdict from standing.
std::vector<OutboxRow> Consumer::told_to_others(const Work& work, const Verdict& verdict) const {
    std::vector<OutboxRow> rows;
    if (!verdict.final() || !subscription_.announce) {
        return rows;
    }
    const std::uint32_t attempts = work.state->claim.reply.attempts + 1;
    const FinalVerdict final{verdict.status, verdict.reason, attempts};
    try {
        for (DomainEvent& told :
             subscription_.announce(work.value.get(), Delivery(work.state), final)) {
            rows.push_back(domain_event(*work.event, std::move(told)));
            if (rows.size() > 1) {
                // The outbox holds one row of an event, generation and kind: the others of a
                // verdict are nobody's, and stand or fall with it all the same.
                rows.back().origin_subject.clear();
            }
        }
    } catch (const std::exception& error) {
        rows.clear();
        log::error(
            "others are not told of an event's end: what to tell them could not be made",
            {{"subject", subscription_.subject},
             {"event_id", work.event->event_id},
             {"reason", error.what()}}
        );
    }
    return rows;
}

std::vector<std::optional<std::string>> Consumer::noted_details(const Work& work) const {
    if (work.state->claim.reply.already_accepted) {
        return {};  // They stand: what was said to the process that died.
    }
    const std::vector<LedgerColumn>& columns = subscription_.ledger.verdict_columns;
    std::vector<std::optional<std::string>> details(columns.size());
    for (const auto& [column, value] : work.state->notes) {
        for (std::size_t i = 0; i < details.size(); ++i) {
            if (columns[i].name == column) {
                details[i] = value;
            }
        }
    }
    return details;
}

void Consumer::report(
    const Work& work, const Outcome& outcome, const Verdict& verdict, Settlement settlement
) {
    static constexpr std::string_view names[] = {"done", "retry", "defer", "reject", "hold"};
    const auto took = net::now() - work.began;
    std::string_view name = names[outcome.index()];
    const bool acked = settlement.action == Settlement::Action::ack;
    if (settlement.action == Settlement::Action::drop || (verdict.final() && !acked)) {
        name = "dropped";
    } else if (verdict.status == LedgerStatus::done) {
        ++status_.done;
    } else if (verdict.status == LedgerStatus::retrying) {
        ++status_.retried;
    } else if (verdict.status == LedgerStatus::deferred) {
        ++status_.deferred;
    } else {
        ++status_.dead_lettered;
        name = "dead_letter";
    }
    if (observer_) {
        observer_(name, took);
    }
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    std::vector<log::Field> fields{
        {"subject", subscription_.subject},
        {"event_id", work.event->event_id},
        {"stream_seq", work.event->message.stream_sequence},
        {"attempt", work.state->claim.reply.attempts + 1},
        {"outcome", name},
        {"reason", verdict.reason},
        {"duration_ms", milliseconds}};
    fields.reserve(fields.size() + work.state->log_fields.size());
    for (const auto& [field, value] : work.state->log_fields) {
        fields.emplace_back(field, value);
    }
    if (name == "dead_letter") {
        log::warn("an event became a dead letter", fields);
    } else {
        log::info("an event was handled", fields);
    }
}

}  // namespace chatear::runtime
