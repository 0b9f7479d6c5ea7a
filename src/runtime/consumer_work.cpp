// What the Consumer does with one event: claim, handler, verdict, acknowledgement.
#include "runtime/consumer_work.hpp"

#include "base/log.hpp"
#include "net/timer.hpp"
#include "runtime/consumer.hpp"

#include <fmt/format.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

asio::awaitable<Consumer::Entry> Consumer::claim(Work& work) {
    if (work.claim_no == 0) {
        work.claim_no = ++last_claim_no_;
    }
    Claim claim;
    claim.event_id = work.event->event_id;
    claim.generation = work.event->generation;
    claim.claim_no = work.claim_no;
    claim.lease_number = gate_.lease_number();
    std::vector<std::optional<std::string>> details;
    if (subscription_.claim_details) {
        details = subscription_.claim_details(work.value.get(), *work.event);
    }
    std::optional<std::string> refused;
    try {
        claim.reply = co_await judge_.claim(*work.event, claim.claim_no, std::move(details));
    } catch (const Unavailable&) {
        throw;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        refused = error.what();  // Values of this event that the ledger cannot hold.
    }
    if (refused) {
        const std::string reason = "the ledger cannot hold it: " + *refused;
        co_await bury(work, work.event->event_id, reason);
        source_.ack(work.ack);
        co_return Entry::settled;
    }
    const bool again = work.state != nullptr;
    work.state = std::make_shared<Delivery::State>(work.event, std::move(claim), judge_);
    if (!again && Delivery(work.state).possible_duplicate()) {
        ++status_.possible_duplicates;
        if (takeover_observer_) {
            takeover_observer_();
        }
    }
    const ClaimAnswer answer = work.state->claim.reply.answer;
    if (answer == ClaimAnswer::granted || answer == ClaimAnswer::taken_over) {
        co_return Entry::granted;
    }
    co_await settle_unclaimed(work);
    co_return Entry::settled;
}

/// The dead letter of an event without a claim.
asio::awaitable<void> Consumer::bury(const Work& work, std::string id, std::string reason) {
    const VerdictContext context{
        .event = *work.event, .worker = options_.worker, .now = clock_.now()};
    OutboxRow row = dead_letter(context, id, reason);
    co_await judge_.bury(std::move(row));
    ++status_.dead_lettered;
    log::warn(
        "an event became a dead letter",
        {{"subject", subscription_.subject}, {"event_id", work.event->event_id}, {"reason", reason}}
    );
}

asio::awaitable<void> Consumer::settle_unclaimed(Work& work) {
    const ClaimAnswer answer = work.state->claim.reply.answer;
    if (answer == ClaimAnswer::held) {
        ++status_.held_elsewhere;
        source_.nak(work.ack, options_.held_elsewhere_delay);
        co_return;
    }
    if (answer == ClaimAnswer::conflict || answer == ClaimAnswer::too_old) {
        const bool conflict = answer == ClaimAnswer::conflict;
        const std::string id = conflict
                                   ? conflict_id(work.event->event_id, work.event->content_sha256)
                                   : work.event->event_id;
        const std::string reason =
            conflict
                ? fmt::format(
                      "conflict: the event id '{}' was used before with another content",
                      work.event->event_id
                  )
                : std::string("too old to know: published longer ago than the ledger remembers");
        co_await bury(work, id, reason);
    } else {
        ++status_.already_final;
    }
    source_.ack(work.ack);
}

asio::awaitable<Outcome> Consumer::run(Work& work) {
    const ClaimReply& reply = work.state->claim.reply;
    if (work.known) {
        co_return *work.known;
    }
    if (options_.hold_on_ambiguity && Delivery(work.state).possible_duplicate()) {
        Outcome held = Hold{
            "a process died after the content had begun to leave; nobody knows whether it arrived"};
        co_return held;
    }
    if (reply.takeovers >= options_.takeovers_until_suspect) {
        co_return co_await run_alone(work);
    }
    const Turnstile::Place place = co_await turnstile_.enter();
    co_return co_await run_handler(work);
}

/// Rule 19: processes died with this event in hand; nobody else shall die with it again. It stays
/// alone, and a suspect, until its verdict stands.
asio::awaitable<Outcome> Consumer::run_alone(Work& work) {
    Turnstile::Place place = co_await turnstile_.enter_alone();
    work.alone.emplace(std::move(place));
    const std::uint32_t crashes = co_await judge_.begin_alone(*work.event);
    log::warn(
        "an event runs alone: processes died with it in hand",
        {{"subject", subscription_.subject},
         {"event_id", work.event->event_id},
         {"crashes", crashes}}
    );
    if (crashes >= options_.crashes_alone_until_dead) {
        Outcome dead = Reject{
            fmt::format("{} processes crashed while they handled this event alone", crashes)};
        co_return dead;
    }
    co_return co_await run_handler(work);
}

asio::awaitable<Outcome> Consumer::run_handler(Work& work) {
    std::string reason;
    std::optional<Unavailable> down;
    work.in_handler = true;
    try {
        Delivery delivery(work.state);
        co_return co_await subscription_.handle(work.value, std::move(delivery));
    } catch (const Unavailable& unavailable) {
        down = unavailable;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        reason = error.what();
    }
    if (down && !work.state->content_begun) {
        throw *down;
    }
    if (down) {
        close_brake(work, *down);
        work.outage_noted = true;
        reason = fmt::format("the result is unknown: {}", down->what());
    }
    Outcome failed = Retry{std::move(reason)};
    co_return failed;
}

asio::awaitable<void> Consumer::conclude(Work& work, Outcome outcome) {
    const VerdictContext context{
        .event = *work.event,
        .worker = options_.worker,
        .attempts = work.state->claim.reply.attempts,
        .policy = options_.retry,
        .random = std::generate_canonical<double, 32>(random_),
        .now = clock_.now()};
    Verdict verdict = decide(outcome, context);
    if (verdict.final() && subscription_.announce) {
        const FinalVerdict final{verdict.status, verdict.reason, context.attempts + 1};
        for (DomainEvent& told :
             subscription_.announce(work.value.get(), Delivery(work.state), final)) {
            verdict.publish.push_back(domain_event(*work.event, std::move(told)));
        }
    }
    std::vector<std::optional<std::string>> details(subscription_.ledger.verdict_columns.size());
    for (const auto& [column, value] : work.state->notes) {
        for (std::size_t i = 0; i < details.size(); ++i) {
            if (subscription_.ledger.verdict_columns[i].name == column) {
                details[i] = value;
            }
        }
    }
    Verdict recorded = verdict;
    const Settlement settlement = co_await judge_.record(
        *work.event, work.state->claim, std::move(recorded), std::move(details)
    );
    switch (settlement.action) {
        case Settlement::Action::ack:
            source_.ack(work.ack);
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

void Consumer::report(
    const Work& work, const Outcome& outcome, const Verdict& verdict, Settlement settlement
) {
    static constexpr std::string_view names[] = {"done", "retry", "defer", "reject", "hold"};
    const auto took = std::chrono::steady_clock::now() - work.began;
    std::string_view name = names[outcome.index()];
    if (settlement.action == Settlement::Action::drop) {
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
