#include "runtime/consumer.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/log.hpp"
#include "net/timer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::runtime {

struct Consumer::Work {
    nats::AckToken ack;
    std::size_t bytes = 0;
    Event event;
    std::shared_ptr<const void> value;
    std::optional<Outcome> known;  ///< What cannot be handled at all is rejected without a handler.
    std::shared_ptr<Delivery::State> state;
    std::uint64_t claim_no =
        0;                    ///< The same in all its claims: an answer may have got lost (rule 6).
    bool probes = false;      ///< It goes first behind a closed brake.
    bool in_handler = false;  ///< Who met the Unavailable: its handler, or the claim before it.
    bool outage_noted = false;  ///< Its content met an outage, which its outcome does not tell.
    std::optional<Turnstile::Place> alone;  ///< Rule 19; kept until its verdict stands.
    UnavailableMeetings meetings;
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
};

/// A place in the line of those who wait for the brake, which they leave in the order in which they
/// came; who met an outage again lines up behind the others.
class Consumer::WaitingPlace {
public:
    explicit WaitingPlace(Consumer& consumer)
        : consumer_(consumer), number_(++consumer.last_waiting_) {
        consumer_.waiting_.insert(number_);
    }
    ~WaitingPlace() { consumer_.waiting_.erase(number_); }
    WaitingPlace(const WaitingPlace&) = delete;
    WaitingPlace& operator=(const WaitingPlace&) = delete;

    bool first() const { return *consumer_.waiting_.begin() == number_; }

private:
    Consumer& consumer_;
    std::uint64_t number_;
};

namespace {

constexpr std::size_t places_behind_brake = 2;

StoredMessage stored(nats::JetStreamMessage& message) {
    StoredMessage stored;
    stored.subject = std::move(message.message.subject);
    stored.payload = std::move(message.message.payload);
    stored.headers = std::move(message.message.headers);
    stored.stream = message.stream;
    stored.stream_sequence = message.stream_seq;
    stored.stored_at_ns = message.stored_at_ns;
    stored.delivered = message.delivered;
    return stored;
}

/// Whether the outcome shows that what closed the brake answers again. A Reject or Defer may have
/// been decided without asking anybody but the ledger.
bool shows_life(const std::optional<Outcome>& outcome, const std::string& dependency) {
    const bool asked = outcome && (std::holds_alternative<Done>(*outcome) ||
                                   std::holds_alternative<Retry>(*outcome));
    return asked || dependency.empty() || dependency == "postgres";
}

}  // namespace

Consumer::Consumer(
    const asio::any_io_executor& executor,
    EventSource& source,
    Judge& judge,
    Turnstile& turnstile,
    ContentGate& gate,
    const Clock& clock,
    Subscription subscription,
    ConsumerOptions options
)
    : executor_(executor),
      source_(source),
      judge_(judge),
      turnstile_(turnstile),
      gate_(gate),
      clock_(clock),
      subscription_(std::move(subscription)),
      options_(std::move(options)),
      brake_(options_.first_probe, options_.longest_probe),
      random_(std::random_device{}()),
      brake_changed_(executor),
      room_(executor),
      tasks_(executor) {}

void Consumer::start() {
    source_.start();
    tasks_.start("pull " + subscription_.subject, pull());
    tasks_.start("in-progress " + subscription_.subject, keep_in_progress());
    if (pacer_) {
        tasks_.start("pace " + subscription_.subject, keep_pace());
    }
}

void Consumer::drain() {
    draining_ = true;
    source_.drain();
    brake_changed_.notify_all();
}

asio::awaitable<bool> Consumer::emptied(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (status_.in_hand > 0) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) {
            co_return false;
        }
        (void)co_await room_.wait_for(left);
    }
    co_return true;
}

asio::awaitable<void> Consumer::stop() {
    draining_ = true;
    co_await tasks_.stop();
}

void Consumer::grant_credit() {
    if (draining_) {
        return;
    }
    std::size_t places = options_.concurrency - std::min(options_.concurrency, status_.in_hand);
    std::size_t bytes =
        options_.memory_budget - std::min(options_.memory_budget, status_.bytes_in_hand);
    if (brake_.state() != Brake::State::open) {
        // Somebody has to be there to go first, and somebody else, or nobody ever finds out that
        // the first is itself what is wrong.
        places = places_behind_brake - std::min(places_behind_brake, status_.in_hand);
    }
    if (bytes == 0) {
        places = 0;
    }
    if (pacer_) {
        places = std::min(places, pacer_->allowed(std::chrono::steady_clock::now()));
    }
    source_.set_credit(places, bytes);
}

asio::awaitable<void> Consumer::pull() {
    while (!draining_) {
        grant_credit();
        std::vector<nats::JetStreamMessage> messages = co_await source_.receive();
        if (pacer_) {
            pacer_->begun(messages.size(), std::chrono::steady_clock::now());
        }
        for (nats::JetStreamMessage& message : messages) {
            ++status_.received;
            take(std::move(message));
        }
    }
}

/// Grants again when the rate allows more.
asio::awaitable<void> Consumer::keep_pace() {
    while (true) {
        const auto left = pacer_->next() - std::chrono::steady_clock::now();
        co_await net::sleep_for(std::max(
            std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(5)
        ));
        grant_credit();
    }
}

void Consumer::take(nats::JetStreamMessage message) {
    ++status_.in_hand;
    status_.bytes_in_hand += nats::credit_bytes(message.message);
    tasks_.start("handle " + subscription_.subject, handle(std::move(message)));
}

/// Restarts ack_wait for everything in hand, well before it ends.
asio::awaitable<void> Consumer::keep_in_progress() {
    while (true) {
        co_await net::sleep_for(options_.in_progress_every);
        for (const auto& [key, in_hand] : in_hand_) {
            for (const nats::AckToken& token : in_hand.tokens) {
                source_.in_progress(token);
            }
        }
        grant_credit();
    }
}

Consumer::Work Consumer::open(nats::JetStreamMessage message) {
    Work work;
    work.ack = message.ack;
    work.bytes = nats::credit_bytes(message.message);
    auto decoded = subscription_.decode(message.message.payload);
    std::optional<std::string> id_in_body;
    std::string digest;
    if (decoded) {
        work.value = decoded->value;
        id_in_body = std::move(decoded->id_in_body);
        digest = std::move(decoded->content_sha256);
    } else {
        work.known = Reject{decoded.error().message};
        digest = sha256(message.message.payload);
    }
    Identified identified = identify(stored(message), std::move(id_in_body), std::move(digest));
    if (identified.problem) {
        work.known = Reject{identified.problem->message};
    }
    work.event = std::move(identified.event);
    return work;
}

asio::awaitable<void> Consumer::handle(nats::JetStreamMessage message) {
    nats::JetStreamMessage copy = message;
    Work work = open(std::move(message));
    const auto [entry, first] = in_hand_.try_emplace(work.event.event_id);
    entry->second.tokens.push_back(work.ack);
    if (!first) {
        // Rule 6: judged after the verdict of the one in hand.
        entry->second.followers.push_back(std::move(copy));
        co_return;
    }
    co_await work_on(work);
    finish(work);
}

void Consumer::finish(Work& work) {
    const auto entry = in_hand_.find(work.event.event_id);
    CHATEAR_ASSERT(entry != in_hand_.end());
    std::vector<nats::JetStreamMessage> followers = std::move(entry->second.followers);
    in_hand_.erase(entry);
    --status_.in_hand;
    status_.bytes_in_hand -= work.bytes;
    for (nats::JetStreamMessage& follower : followers) {
        tasks_.start("handle " + subscription_.subject, handle(std::move(follower)));
    }
    room_.notify_all();
    grant_credit();
}

/// Waits until the brake lets it in; false when the worker stops first.
asio::awaitable<bool> Consumer::enter(Work& work) {
    const WaitingPlace place(*this);
    while (true) {
        const bool open = brake_.state() == Brake::State::open;
        if (draining_ && !open) {
            co_return false;
        }
        const auto now = std::chrono::steady_clock::now();
        if ((open || place.first()) && brake_.try_enter(now)) {
            work.probes = !open;
            co_return true;
        }
        if (brake_.state() == Brake::State::closed && place.first()) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(brake_.next_probe_at() - now);
            (void)co_await brake_changed_.wait_for(left);
        } else {
            co_await brake_changed_.wait();
        }
    }
}

asio::awaitable<void> Consumer::work_on(Work& work) {
    while (true) {
        work.alone.reset();
        work.in_handler = false;
        const bool entered = co_await enter(work);
        if (!entered) {
            source_.nak(work.ack, std::chrono::milliseconds(0));
            co_return;
        }
        std::optional<Unavailable> down;
        std::optional<Outcome> outcome;
        try {
            const Entry entry = co_await claim(work);
            if (entry == Entry::granted) {
                outcome = co_await run(work);
            }
        } catch (const Unavailable& unavailable) {
            down = unavailable;
        }
        if (down && !charge(work, *down)) {
            continue;
        }
        if (down) {
            outcome = Retry{fmt::format("{} (others succeeded meanwhile)", down->what())};
        } else if (!work.outage_noted) {
            release_brake(work, outcome);
        }
        if (outcome) {
            co_await conclude(work, std::move(*outcome));
        }
        if (work.alone) {
            co_await judge_.end_alone(work.event);
        }
        co_return;
    }
}

/// Who was let in before the brake closed tells nothing of how things stand now.
bool Consumer::brake_listens_to(const Work& work) const {
    return brake_.state() == Brake::State::open || work.probes;
}

void Consumer::release_brake(const Work& work, const std::optional<Outcome>& outcome) {
    if (!brake_listens_to(work)) {
        return;
    }
    if (!shows_life(outcome, brake_.dependency())) {
        brake_.on_abandoned(std::chrono::steady_clock::now());
    } else {
        const std::string dependency = brake_.dependency();
        brake_.on_success();
        if (!dependency.empty()) {
            log::info(
                "goes on: the dependency answers again",
                {{"subject", subscription_.subject}, {"dependency", dependency}}
            );
        }
    }
    brake_changed_.notify_all();
    grant_credit();
}

/// Notes that a dependency is down; true when the event itself is to be charged (rule 18).
bool Consumer::charge(Work& work, const Unavailable& unavailable) {
    const bool charged = work.in_handler && work.meetings.add(brake_.successes());
    close_brake(work, unavailable);
    return charged;
}

void Consumer::close_brake(const Work& work, const Unavailable& unavailable) {
    if (!brake_listens_to(work)) {
        return;
    }
    if (brake_.on_unavailable(unavailable.dependency(), std::chrono::steady_clock::now())) {
        log::warn(
            "paused: a dependency is down",
            {{"subject", subscription_.subject},
             {"dependency", unavailable.dependency()},
             {"peer", unavailable.where()},
             {"reason", unavailable.why()}}
        );
    }
    brake_changed_.notify_all();
    grant_credit();
}

asio::awaitable<Consumer::Entry> Consumer::claim(Work& work) {
    if (work.claim_no == 0) {
        work.claim_no = ++last_claim_no_;
    }
    Claim claim;
    claim.event_id = work.event.event_id;
    claim.generation = work.event.generation;
    claim.claim_no = work.claim_no;
    claim.lease_number = gate_.lease_number();
    std::vector<std::optional<std::string>> details;
    if (subscription_.claim_details) {
        details = subscription_.claim_details(work.value.get(), work.event);
    }
    std::optional<std::string> refused;
    try {
        claim.reply = co_await judge_.claim(work.event, claim.claim_no, std::move(details));
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
        co_await bury(work, work.event.event_id, reason);
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
        .event = work.event, .worker = options_.worker, .now = clock_.now()};
    OutboxRow row = dead_letter(context, id, reason);
    co_await judge_.bury(std::move(row));
    ++status_.dead_lettered;
    log::warn(
        "an event became a dead letter",
        {{"subject", subscription_.subject}, {"event_id", work.event.event_id}, {"reason", reason}}
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
                                   ? conflict_id(work.event.event_id, work.event.content_sha256)
                                   : work.event.event_id;
        const std::string reason =
            conflict
                ? fmt::format(
                      "conflict: the event id '{}' was used before with another content",
                      work.event.event_id
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
    const std::uint32_t crashes = co_await judge_.begin_alone(work.event);
    log::warn(
        "an event runs alone: processes died with it in hand",
        {{"subject", subscription_.subject},
         {"event_id", work.event.event_id},
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
        .event = work.event,
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
            verdict.publish.push_back(domain_event(work.event, std::move(told)));
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
        work.event, work.state->claim, std::move(recorded), std::move(details)
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
        {"event_id", work.event.event_id},
        {"stream_seq", work.event.message.stream_sequence},
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
