#pragma once

#include "base/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Header lines of an event, in order; a name may repeat.
using Headers = std::vector<std::pair<std::string, std::string>>;

/// What an outbox row is for; the word in its column `kind`.
enum class OutboxKind {
    event,         ///< A retry, deferral or replay: the event comes back to its subject.
    dead_letter,   ///< To `dlq.<subject>`.
    domain_event,  ///< What we tell others (`email.failed`).
};

/// Something to be published, now or later (rule 14). The database draws its id, which becomes its
/// `Nats-Msg-Id`. (origin_subject, event_id, kind, generation) is unique: inserting it again does
/// nothing.
struct OutboxRow {
    OutboxKind kind = OutboxKind::event;
    std::string subject;  ///< To publish on.
    std::string payload;
    Headers headers;
    std::optional<Time> due_at{};  ///< Absolute; else now() + due_after.
    std::chrono::milliseconds due_after{};
    std::string origin_subject;  ///< Of the event that it comes from.
    std::string event_id;
    std::uint32_t generation =
        0;  ///< Of the event that is published, for kind event (its header says the same).
};

/// A row that the relay has taken to publish it.
struct TakenRow {
    std::string id;                  ///< uuid
    std::optional<OutboxKind> kind;  ///< Nothing for a producer's own row.
    std::string subject;
    std::string payload;
    Headers headers;
    std::string origin_subject;
    std::string event_id;
    std::uint32_t generation = 0;
};

/// The table `outbox`; over PostgreSQL: `PostgresOutbox(postgres::Pool&)`. Everything throws
/// Unavailable("postgres").
class Outbox {
public:
    virtual ~Outbox() = default;

    /// Inserts rows that belong to no verdict (a conflict's or a too old event's dead letter).
    virtual asio::awaitable<void> add(std::vector<OutboxRow> rows) = 0;

    /// Takes at most `most` due rows by moving their due_at ahead by `lease`, skipping locked and
    /// refused ones and those of `subjects_to_skip` (their streams are down).
    virtual asio::awaitable<std::vector<TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> subjects_to_skip
    ) = 0;

    /// Deletes what JetStream has.
    virtual asio::awaitable<void> remove(std::vector<std::string> ids) = 0;

    /// Gives rows back before their lease ends: due again `after` now.
    virtual asio::awaitable<void> put_back(
        std::vector<std::string> ids, std::chrono::milliseconds after
    ) = 0;

    /// JetStream refuses the message for its own sake (size, headers, subject): rule 15. A row of
    /// kind `event` becomes a dead letter in one statement: its ledger row fails, `dead_letter` is
    /// inserted, and the row itself stays with its bytes and its reason. Any other row only gets
    /// its `refused_reason`.
    virtual asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<OutboxRow> dead_letter
    ) = 0;

    /// How long until the next row is due; nothing when there is none. Never negative.
    virtual asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() = 0;
};

}  // namespace chatear::runtime
