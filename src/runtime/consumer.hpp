#pragma once

#include "base/clock.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"
#include "runtime/brake.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/event_source.hpp"
#include "runtime/judge.hpp"
#include "runtime/pacer.hpp"
#include "runtime/retry_policy.hpp"
#include "runtime/subscription.hpp"
#include "runtime/turnstile.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>

namespace chatear::runtime {

struct ConsumerOptions {
    std::string worker;                            ///< For dead letters and logs.
    std::size_t concurrency = 512;                 ///< Events in hand at most (WORKER_CONCURRENCY).
    std::size_t memory_budget = 64 * 1024 * 1024;  ///< Bytes of events in hand (MEMORY_BUDGET).
    RetryPolicy retry{};
    std::chrono::milliseconds in_progress_every{10'000};    ///< A third of ack_wait.
    std::chrono::milliseconds held_elsewhere_delay{5'000};  ///< NAK of what a live process has.
    std::chrono::milliseconds first_probe{250};             ///< The brake's delays (rule 18).
    std::chrono::milliseconds longest_probe{5'000};
    bool hold_on_ambiguity =
        false;  ///< A takeover after content may have left asks a person (rule 13).
    std::uint32_t takeovers_until_suspect = 2;  ///< Rule 19.
    std::uint32_t crashes_alone_until_dead = 3;
};

/// Sums since the start, and how things stand.
struct ConsumerStatus {
    std::uint64_t received = 0;
    std::uint64_t done = 0;
    std::uint64_t retried = 0;
    std::uint64_t deferred = 0;
    std::uint64_t dead_lettered = 0;
    std::uint64_t held_elsewhere = 0;
    std::uint64_t already_final = 0;
    std::uint64_t dropped = 0;              ///< Verdicts that matched nothing (rule 10).
    std::uint64_t possible_duplicates = 0;  ///< Taken over after content may have left (rule 8).
    std::size_t in_hand = 0;
    std::size_t bytes_in_hand = 0;
};

/// Called when an event was taken over after its content may have left (rule 8).
using TakeoverObserver = std::function<void()>;

/// Called at each end of a handler, and at the dead letter of an event that gets none, for metrics:
/// what became of it, and how long it took from delivery.
using OutcomeObserver =
    std::function<void(std::string_view outcome, std::chrono::nanoseconds took)>;

/// The life of one subject's events in this process: pull, claim, handle, verdict, acknowledge.
/// Handlers run one an event, side by side.
class Consumer {
public:
    Consumer(
        const asio::any_io_executor& executor,
        EventSource& source,
        Judge& judge,
        Turnstile& turnstile,
        ContentGate& gate,
        const Clock& clock,
        Subscription subscription,
        ConsumerOptions options
    );

    /// Before start().
    void observe(OutcomeObserver outcomes, TakeoverObserver takeovers) {
        observer_ = std::move(outcomes);
        takeover_observer_ = std::move(takeovers);
    }

    /// Bounds the pull beside the free places (rule 21, EMAIL_RATE). Before start().
    void pace(Rate rate) { pacer_.emplace(rate); }

    void start();

    /// Pulls no more; what waits behind a closed brake is given back.
    void drain();

    /// Returns when nothing is in hand, or after `limit`; whether nothing was left.
    asio::awaitable<bool> emptied(std::chrono::milliseconds limit);

    /// Ends what is left. The events in hand come again to whoever is there.
    asio::awaitable<void> stop();

    /// After stop(): whether a content had begun whose verdict does not stand. Its claim must not
    /// look like one that was given up in good order.
    bool content_in_hand() const;

    const std::string& subject() const { return subscription_.subject; }
    const ConsumerStatus& status() const { return status_; }
    const Brake& brake() const { return brake_; }

private:
    /// What one delivery goes through.
    struct Work;
    /// An event in hand, from its delivery until its acknowledgement.
    struct InHand {
        std::shared_ptr<Work> leader{};                  ///< The delivery that is worked on.
        std::vector<std::shared_ptr<Work>> followers{};  ///< Of the same key meanwhile (rule 6).
        std::shared_ptr<const Delivery::State> state{};  ///< Of its claim, while undecided.
    };
    class WaitingPlace;
    enum class Entry { granted, settled };

    asio::awaitable<void> pull();
    asio::awaitable<void> keep_in_progress();
    asio::awaitable<void> keep_pace();
    void grant_credit();
    void take(nats::JetStreamMessage message);
    asio::awaitable<void> handle(nats::JetStreamMessage message);
    asio::awaitable<void> handle_alone_of_its_key(std::shared_ptr<Work> work);
    std::shared_ptr<Work> open(nats::JetStreamMessage message) const;
    Result<DecodedEvent> decode(std::string_view payload) const;
    asio::awaitable<void> work_on(Work& work);
    bool enter_at_once(Work& work);
    asio::awaitable<bool> enter(Work& work);
    asio::awaitable<Result<Claim>> ask_for_claim(Work& work);
    asio::awaitable<Entry> claim(Work& work);
    asio::awaitable<void> settle_unclaimed(Work& work);
    asio::awaitable<Outcome> run(Work& work);
    asio::awaitable<Outcome> run_alone(Work& work);
    asio::awaitable<Outcome> run_handler(Work& work);
    asio::awaitable<void> conclude(Work& work, Outcome outcome);
    asio::awaitable<Settlement> record(const Work& work, Verdict& verdict);
    std::vector<OutboxRow> told_to_others(const Work& work, const Verdict& verdict) const;
    std::vector<std::optional<std::string>> noted_details(const Work& work) const;
    asio::awaitable<void> bury(const Work& work, std::string id, std::string reason);
    bool brake_listens_to(const Work& work) const;
    void release_brake(const Work& work, const std::optional<Outcome>& outcome);
    bool charge(Work& work, const Unavailable& unavailable);
    void close_brake(const Work& work, const Unavailable& unavailable);
    void finish(Work& work);
    void report(
        const Work& work, const Outcome& outcome, const Verdict& verdict, Settlement settlement
    );

    EventSource& source_;
    Judge& judge_;
    Turnstile& turnstile_;
    ContentGate& gate_;
    const Clock& clock_;
    Subscription subscription_;
    ConsumerOptions options_;
    OutcomeObserver observer_;
    TakeoverObserver takeover_observer_;
    std::optional<Pacer> pacer_;
    Brake brake_;
    ConsumerStatus status_;
    std::unordered_map<std::string, InHand> in_hand_;  // By their keys; a Work points into it.
    std::uint64_t last_claim_no_ = 0;
    std::set<std::uint64_t> waiting_;  // The numbers of those who wait for the brake.
    std::uint64_t last_waiting_ = 0;
    std::minstd_rand random_;
    bool draining_ = false;
    net::Notification brake_changed_;
    net::Notification room_;
    net::Notification begun_;  // Something that the pacer counts.
    net::TaskGroup tasks_;
};

}  // namespace chatear::runtime
