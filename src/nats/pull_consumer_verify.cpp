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

PullBook::Moment now() {
    return net::now().time_since_epoch();
}

Incarnation incarnation_of(const ReconciledConsumer& found) {
    return {found.stream.info.config.name, found.stream.info.created, found.info.created};
}

}  // namespace

/// Looks at stream and consumer, declares what is missing. Afterwards they are trusted(), or
/// trouble_ says why not; neither when something happened meanwhile: look again.
asio::awaitable<void> PullConsumer::verify() {
    ++counters_.verifications;
    guard_.doubt();
    const std::uint64_t doubts = guard_.doubts();
    const std::uint64_t epoch = connection_.epoch();
    std::string why;
    try {
        const ApiResult<ReconciledConsumer> found = co_await reconcile(jetstream_, declaration_);
        StoreEvidence evidence;
        if (found) {
            evidence = co_await gather_evidence(*found);
        }
        if (!found) {
            why = found.error().text();
        } else if (guard_.doubts() == doubts && connection_.epoch() == epoch) {
            adopt(*found, evidence, epoch);
        }
    } catch (const Unavailable& error) {
        why = error.why();
    }
    note_trouble(why);
}

asio::awaitable<StoreEvidence> PullConsumer::gather_evidence(const ReconciledConsumer& found) {
    StoreEvidence evidence;
    evidence.last_seq = found.stream.info.last_seq;
    evidence.delivered_seq = found.info.delivered_stream_seq;
    const std::uint64_t seq = guard_.newest_seq();
    if (seq == 0 || !guard_.incarnation()->same_as(incarnation_of(found))) {
        co_return evidence;
    }
    std::string stream = found.stream.info.config.name;
    const ApiResult<StoredMessage> newest =
        co_await jetstream_.message_by_sequence(std::move(stream), seq);
    const Result<Time> time = newest ? parse_time(newest->time) : Result<Time>(Error{"it is gone"});
    if (time) {
        evidence.newest_stored_at = *time;
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
    ++counters_.incarnations;
    const bool recreated = found.created || found.stream.created;
    if (recreated) {
        ++counters_.recreated;
    }
    log::error(
        recreated       ? "a stream or consumer was missing and has been declared again"
        : same_creation ? "a stream is older than what it has delivered: its store was put back"
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
