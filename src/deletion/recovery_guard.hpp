#pragma once

#include "deletion/deletion_store.hpp"
#include "deletion/execution_guard.hpp"
#include "nats/jetstream.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace chatear::deletion {

/// Sees to it that a recovery which was published in time wins, also after the workers were down
/// (rule 11): nothing may be executed while one waits in the outbox or in the stream. (That none is
/// unfinished in the ledger is asked within each execution.)
class RecoveryGuard final : public ExecutionGuard {
public:
    /// `consumer`: the durable that takes `user.recover`. All must outlive it.
    RecoveryGuard(nats::Connection& connection, DeletionStore& store, std::string consumer)
        : jetstream_(connection), store_(store), consumer_(std::move(consumer)) {}

    /// In this order: outbox, stream, and for what became a dead letter meanwhile the outbox once
    /// more, then the dead letters.
    asio::awaitable<std::optional<std::string>> obstacle(DayState day) override;
    asio::awaitable<void> look_at_dead_letters() override;

private:
    asio::awaitable<std::optional<std::string>> obstacle_in_stream();
    asio::awaitable<bool> is_behind(std::string stream, std::uint64_t last);
    asio::awaitable<DeadLettersSeen> seen_of(std::string stream);
    asio::awaitable<void> look_at(nats::StoredMessage letter);

    nats::JetStream jetstream_;
    DeletionStore& store_;
    std::string consumer_;
};

}  // namespace chatear::deletion
