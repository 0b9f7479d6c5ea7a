#include "admin/replay.hpp"

#include "admin/outbox_store.hpp"
#include "nats/message.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace chatear::admin {
namespace {

/// The letter of an event that JetStream refused has no bytes: they stayed in its outbox row.
asio::awaitable<std::optional<ReplayRequest>> request_of(postgres::Pool* pool, DeadLetter letter) {
    if (letter.outbox_id.empty()) {
        co_return replay_request(letter);
    }
    OutboxStore outbox(pool);
    const std::optional<OutboxEntry> entry = co_await outbox.find(letter.outbox_id);
    if (!entry) {
        co_return std::nullopt;
    }
    co_return replay_request(*entry);
}

ReplayReport report_of(const DeadLetter& letter, const ReplayResult& result) {
    ReplayReport report;
    report.row = summary(letter);
    report.done = result.answer != ReplayAnswer::other;
    switch (result.answer) {
        case ReplayAnswer::replayed:
            report.row["outcome"] = "replayed";
            break;
        case ReplayAnswer::replayed_before:
            report.row["outcome"] = "replayed before";
            break;
        case ReplayAnswer::finished:
            report.row["outcome"] = "already " + result.status;
            break;
        case ReplayAnswer::other:
            report.row["outcome"] = fmt::format(
                "not replayed: it died in generation {}, and the ledger has it as '{}' in "
                "generation {}",
                letter.generation,
                result.status,
                result.generation
            );
            break;
    }
    return report;
}

ReplayReport refused(const DeadLetter& letter, std::string why) {
    ReplayReport report;
    report.row = summary(letter);
    report.row["outcome"] = "not replayed: " + why;
    return report;
}

}  // namespace

asio::awaitable<ReplayReport> replay_letter(
    postgres::Pool* pool, DeadLetterStream* stream, DeadLetter letter
) {
    if (letter.event_id.empty() || !nats::valid_subject(letter.subject)) {
        co_return refused(
            letter, "it does not say which event it was; publish its payload by hand"
        );
    }
    std::optional<ReplayRequest> request = co_await request_of(pool, letter);
    if (!request) {
        co_return refused(
            letter, "its bytes were in outbox row " + letter.outbox_id + ", which is gone"
        );
    }
    ReplayStore store(pool);
    const ReplayResult result = co_await store.replay(std::move(*request));
    if (result.answer != ReplayAnswer::other) {
        (void)co_await stream->remove(letter.sequence);
    }
    co_return report_of(letter, result);
}

}  // namespace chatear::admin
