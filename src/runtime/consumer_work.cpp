// What the Consumer does with one event until its handler has ended: claim and handler.
#include "runtime/consumer_work.hpp"

#include "base/log.hpp"
#include "net/task_group.hpp"
#include "runtime/consumer.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

/// An Error where the ledger cannot hold the event's values.
asio::awaitable<Result<Claim>> Consumer::ask_for_claim(Work& work) {
    if (work.claim_no == 0) {
        work.claim_no = ++last_claim_no_;
    }
    Claim claim;
    claim.event_id = work.event->event_id;
    claim.generation = work.event->generation;
    claim.claim_no = work.claim_no;
    claim.lease_number = gate_.lease_number();
    try {
        std::vector<std::optional<std::string>> details;
        if (subscription_.claim_details) {
            details = subscription_.claim_details(work.value.get(), *work.event);
        }
        claim.reply = co_await judge_.claim(*work.event, claim.claim_no, std::move(details));
    } catch (const Unavailable&) {
        throw;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        co_return Error{error.what()};
    }
    co_return claim;
}

asio::awaitable<Consumer::Entry> Consumer::claim(Work& work) {
    Result<Claim> claim = co_await ask_for_claim(work);
    if (!claim) {
        const std::string reason = "the ledger cannot hold it: " + claim.error().message;
        co_await bury(work, work.event->event_id, reason);
        source_.ack(work.ack);
        co_return Entry::settled;
    }
    const std::uint32_t takeovers_before = work.state ? work.state->claim.reply.takeovers : 0;
    work.state = std::make_shared<Delivery::State>(work.event, std::move(*claim), judge_);
    work.in_hand->state = work.state;
    const bool taken_now = work.state->claim.reply.takeovers > takeovers_before;
    if (taken_now && Delivery(work.state).possible_duplicate()) {
        ++status_.possible_duplicates;
        if (takeover_observer_) {
            takeover_observer_();
        }
        log::warn(
            "a process died with a content under way: a second copy may arrive",
            {{"subject", subscription_.subject}, {"event_id", work.event->event_id}}
        );
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
    if (observer_) {
        observer_("dead_letter", net::now() - work.began);
    }
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
    if (reply.already_accepted) {
        log::info(
            "a process that died had done it: that is written down",
            {{"subject", subscription_.subject}, {"event_id", work.event->event_id}}
        );
        co_return Done{};
    }
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
    if (work.state->content_begun && options_.hold_on_ambiguity) {
        failed = Hold{std::get<Retry>(failed).reason};
    }
    co_return failed;
}

}  // namespace chatear::runtime
