// How a pull consumer makes sure of its stream and consumer (rule 4).
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/utc.hpp"
#include "nats/pull_consumer.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <utility>

namespace chatear::nats {
namespace {

constexpr int silences_of_the_dead = 3;
constexpr std::chrono::minutes between_removals{10};
constexpr std::chrono::milliseconds patience_with_a_pull{2'000};

PullBook::Moment now() {
    return net::now().time_since_epoch();
}

Incarnation incarnation_of(const ReconciledConsumer& found) {
    return {found.stream.info.config.name, found.stream.info.created, found.info.created};
}

}  // namespace

/// Looks at stream and consumer, declares what is missing. Afterwards they are trusted(), or
/// trouble_ says why not; neither when something happened meanwhile: look again. Both where we may
/// not pull: what is in hand can be acknowledged.
asio::awaitable<void> PullConsumer::verify() {
    ++counters_.verifications;
    guard_.doubt();
    const std::uint64_t doubts = guard_.doubts();
    const std::uint64_t epoch = connection_.epoch();
    std::string why;
    try {
        const ApiResult<ReconciledConsumer> found = co_await reconcile(jetstream_, declaration_);
        bool removed = false;
        if (found && (!pull_denied_.empty() || silences_ >= silences_of_the_dead)) {
            removed = co_await look_into_silence(*found);
        }
        StoreEvidence evidence;
        if (found && !removed) {
            evidence = co_await gather_evidence(*found);
        }
        if (!found) {
            why = found.error().text();
        } else if (removed) {
            why = "it delivered to nobody and is declared again";
        } else if (guard_.doubts() == doubts && connection_.epoch() == epoch) {
            adopt(*found, evidence, epoch);
            why = pull_denied_;
        }
    } catch (const Unavailable& error) {
        why = error.why();
    }
    note_trouble(why);
}

/// Messages wait, no pull does, and nobody was given any since we pull.
bool PullConsumer::gives_nothing(const ConsumerInfo& info) const {
    return info.num_waiting == 0 && info.num_pending > 0 &&
           info.delivered_stream_seq == delivered_before_;
}

/// Messages wait, we pull, and the server neither counts our pulls nor answers them, not even by
/// heartbeats: a consumer of nats-server 2.9 that several processes made at once. One that has
/// given something since we pull is alive: what it gave us stands in a queue of the server's. One
/// that is another than we pulled from has not had its time yet; and what did not help is not
/// repeated.
bool PullConsumer::delivers_to_nobody(const ReconciledConsumer& found) const {
    const bool same = guard_.incarnation() && !found.created &&
                      guard_.incarnation()->same_as(incarnation_of(found));
    const bool tried = removed_at_ && net::now() - *removed_at_ < between_removals;
    return same && !tried && gives_nothing(found.info);
}

/// Whoever may not pull meets the same silence: the server's refusal is about a subject, and no
/// answer. Whether the consumer was removed.
asio::awaitable<bool> PullConsumer::look_into_silence(const ReconciledConsumer& found) {
    silences_ = 0;
    pull_denied_.clear();
    std::string stream = found.stream.info.config.name;
    std::string durable = declaration_.durable;
    bool answers = true;
    try {
        answers = co_await jetstream_.answers_pulls(
            std::move(stream), std::move(durable), patience_with_a_pull
        );
    } catch (const PermissionDenied& denied) {
        pull_denied_ = "it may not be pulled from: " + denied.why();
    }
    if (answers) {
        co_return false;
    }
    guard_.doubt();  // What was found is old by now.
    if (!delivers_to_nobody(found)) {
        co_return false;
    }
    co_return co_await remove_dead(found);
}

/// Looks once more: another process may have done so meanwhile, and the removal goes by the name.
asio::awaitable<bool> PullConsumer::remove_dead(const ReconciledConsumer& found) {
    const std::string stream = found.stream.info.config.name;
    const ApiResult<ConsumerInfo> now_there =
        co_await jetstream_.consumer_info(stream, declaration_.durable);
    const bool still_dead =
        now_there && now_there->created == found.info.created && gives_nothing(*now_there);
    if (!still_dead) {
        co_return false;
    }
    log::error(
        "a consumer delivers to nobody: it is removed and declared again",
        {{"consumer", describe()}}
    );
    removed_at_ = net::now();
    const ApiResult<void> removed =
        co_await jetstream_.delete_consumer(stream, declaration_.durable);
    deleted_ = removed.has_value();
    co_return removed.has_value();
}

asio::awaitable<StoreEvidence> PullConsumer::gather_evidence(const ReconciledConsumer& found) {
    StoreEvidence evidence;
    evidence.last_seq = found.stream.info.last_seq;
    const bool same = guard_.incarnation() && guard_.incarnation()->same_as(incarnation_of(found));
    evidence.asked = same ? guard_.newest_in_hand(net::now()) : std::nullopt;
    if (!evidence.asked) {
        co_return evidence;
    }
    try {
        std::string stream = found.stream.info.config.name;
        const ApiResult<StoredMessage> message =
            co_await jetstream_.message_by_sequence(std::move(stream), evidence.asked->stream_seq);
        const Result<Time> time =
            message ? parse_time(message->time) : Result<Time>(Error{"it is gone"});
        evidence.stored_at = time ? std::optional(*time) : std::nullopt;
    } catch (const PermissionDenied& denied) {
        evidence.looked = false;
        if (std::exchange(denied_, true)) {
            co_return evidence;
        }
        log::warn(
            "whether a stream is still the same is judged by its last sequence alone: it may not "
            "be "
            "asked for a message",
            {{"consumer", describe()}, {"reason", denied.why()}}
        );
    }
    co_return evidence;
}

void PullConsumer::note_trouble(const std::string& why) {
    if (!why.empty() && why != trouble_) {
        log::error("a consumer cannot be used", {{"consumer", describe()}, {"reason", why}});
    }
    trouble_ = why;
}

void PullConsumer::adopt(
    const ReconciledConsumer& found, const StoreEvidence& evidence, std::uint64_t epoch
) {
    stream_ = found.stream.info.config.name;
    note_incarnation(found, evidence);
    note_differences(found);
    verified_epoch_ = epoch;
    delivered_before_ = found.info.delivered_stream_seq;
    const ConsumerConfig& config = found.info.config;
    book_.set_limits(
        static_cast<std::size_t>(std::max<std::int64_t>(0, config.max_request_batch)),
        static_cast<std::size_t>(std::max<std::int64_t>(0, config.max_request_bytes)),
        std::chrono::duration_cast<milliseconds>(config.max_request_expires)
    );
    book_.on_restart(now());
    pull_subject_ = "$JS.API.CONSUMER.MSG.NEXT." + stream_ + "." + declaration_.durable;
    subscribe_slots();
    subscribe_advisories();
    release_held();
    changed_.notify_all();
}

void PullConsumer::note_incarnation(
    const ReconciledConsumer& found, const StoreEvidence& evidence
) {
    const bool known = guard_.number() != 0;
    const Incarnation now_there = incarnation_of(found);
    const bool same_creation = known && guard_.incarnation()->same_as(now_there);
    const bool other = guard_.verified(now_there, evidence);
    if (!other || !known) {
        return;
    }
    silences_ = 0;
    ++counters_.incarnations;
    const bool recreated = found.created || found.stream.created;
    if (recreated) {
        ++counters_.recreated;
    }
    log::error(
        recreated ? "a stream or consumer was missing and has been declared again"
        : same_creation
            ? "what was in hand is not in the stream any more: it was put back, or given to others"
            : "a stream or consumer was made anew by someone else",
        {{"consumer", describe()},
         {"stream_missing", found.stream.created},
         {"consumer_missing", found.created}}
    );
}

void PullConsumer::note_differences(const ReconciledConsumer& found) {
    std::vector<std::string> differences;
    for (const std::string& text : found.stream.differences) {
        differences.push_back("stream " + stream_ + ": " + text);
    }
    for (const std::string& text : found.differences) {
        differences.push_back("consumer " + declaration_.durable + ": " + text);
    }
    if (differences != differences_) {
        for (const std::string& text : differences) {
            log::warn(
                "JetStream's configuration is not the declared one; it is used as it is",
                {{"reason", text}}
            );
        }
    }
    differences_ = std::move(differences);
}

}  // namespace chatear::nats
