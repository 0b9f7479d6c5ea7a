#include "deletion/recovery_guard.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "deletion/user_recover.hpp"
#include "nats/delivery_guard.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::deletion {
namespace {

constexpr const char* recover_subject = "user.recover";
constexpr const char* dead_subject = "dlq.user.recover";

/// What must be there for any execution.
Unavailable missing(const std::string& what, const std::string& why) {
    return Unavailable("nats", what, why);
}

}  // namespace

asio::awaitable<std::optional<std::string>> RecoveryGuard::obstacle(DayState day) {
    if (day.recovery_in_outbox) {
        co_return "a user.recover waits in the outbox";
    }
    const std::optional<std::string> in_stream = co_await obstacle_in_stream();
    if (in_stream) {
        co_return in_stream;
    }
    // One that failed for good between the two readings is in the outbox until it is a dead letter.
    const DayState later = co_await store_.day_state();
    if (later.recovery_in_outbox) {
        co_return "a user.recover waits in the outbox";
    }
    co_await look_at_dead_letters();
    // What was found there may have stopped everything.
    const DayState last = co_await store_.day_state();
    co_return last.executions_stopped;
}

/// Whether what was the last `user.recover` at this moment is done with.
asio::awaitable<std::optional<std::string>> RecoveryGuard::obstacle_in_stream() {
    const auto streams = co_await jetstream_.stream_names(recover_subject);
    if (!streams || streams->empty()) {
        throw missing("the stream of user.recover", "it is not there");
    }
    const std::string stream = streams->front();
    const auto last = co_await jetstream_.last_message(stream, recover_subject);
    if (!last && !last.error().message_not_found()) {
        throw missing("stream " + stream, last.error().text());
    }
    const auto consumer = co_await jetstream_.consumer_info(stream, consumer_);
    if (!consumer) {
        throw missing("consumer " + consumer_, consumer.error().text());
    }
    if (!last || consumer->ack_floor_stream_seq >= last->seq) {
        co_return std::nullopt;
    }
    const bool behind = co_await is_behind(stream, last->seq);
    if (!behind) {
        co_return std::nullopt;
    }
    co_return fmt::format("user.recover is not worked off up to message {} yet", last->seq);
}

/// In a work queue, what is acknowledged is gone.
asio::awaitable<bool> RecoveryGuard::is_behind(std::string stream, std::uint64_t last) {
    const auto next = co_await jetstream_.next_message(stream, recover_subject, 1);
    if (!next && !next.error().message_not_found()) {
        throw missing("stream " + stream, next.error().text());
    }
    co_return next && next->seq <= last;
}

asio::awaitable<void> RecoveryGuard::look_at_dead_letters() {
    const auto streams = co_await jetstream_.stream_names(dead_subject);
    if (!streams || streams->empty()) {
        throw missing("the stream of dead letters", "it is not there");
    }
    const std::string stream = streams->front();
    DeadLettersSeen seen = co_await seen_of(stream);
    while (true) {
        const auto letter =
            co_await jetstream_.next_message(stream, dead_subject, seen.sequence + 1);
        if (!letter) {
            if (!letter.error().message_not_found()) {
                throw missing("stream " + stream, letter.error().text());
            }
            break;
        }
        co_await look_at(*letter);
        seen.sequence = letter->seq;
        co_await store_.set_dead_letters_seen(seen);
    }
}

/// A stream that was made anew counts from 1 again, and may have got further than the one before.
asio::awaitable<DeadLettersSeen> RecoveryGuard::seen_of(std::string stream) {
    DeadLettersSeen seen = co_await store_.dead_letters_seen();
    const auto info = co_await jetstream_.stream_info(stream);
    if (!info) {
        throw missing("stream " + stream, info.error().text());
    }
    const bool noted = !seen.stream_created.empty();
    // What was looked at must not be looked at again after a restart: an operator has decided.
    const bool same = info->last_seq >= seen.sequence &&
                      (!noted || nats::created_at_once(seen.stream_created, info->created));
    if (!same) {
        log::warn(
            "the stream of dead letters was made anew and is read from its begin",
            {{"stream", stream}, {"created", info->created}}
        );
        seen.sequence = 0;
    }
    if (!same || !noted) {
        seen.stream_created = info->created;
        co_await store_.set_dead_letters_seen(seen);
    }
    co_return seen;
}

asio::awaitable<void> RecoveryGuard::look_at(nats::StoredMessage letter) {
    const std::string where = fmt::format("dead letter {} of user.recover", letter.seq);
    const Result<UserRecover> recover = decode_user_recover(letter.message.payload);
    if (!recover) {
        std::string reason =
            where + " cannot be read: whose account was to be recovered is not known";
        log::error("executions stop until a person has looked", {{"reason", reason}});
        co_await store_.stop_executions(std::move(reason));
        co_return;
    }
    std::string reason = where + ": a recovery was asked for and could not be worked off";
    const bool known = co_await store_.hold_for_lost_recovery(
        recover->user_id, recover->token_sha256, std::move(reason)
    );
    if (!known) {
        // Its user or token can be read and is nobody's: there is no deletion that it could stop.
        log::warn("a recovery of nobody became a dead letter", {{"stream_seq", letter.seq}});
    }
}

}  // namespace chatear::deletion
