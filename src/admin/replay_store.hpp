#pragma once

#include "admin/dead_letter.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

namespace asio = boost::asio;

/// An event that shall come back one generation on.
struct ReplayRequest {
    std::string subject;
    std::string event_id;
    std::uint32_t generation = 0;  ///< That it died in.
    std::string
        content_sha256;  ///< Raw; empty = unknown. For the row that is made where none stands.
    std::optional<Time> published_at;
    nats::Headers headers;  ///< Of the event as it comes back.
    std::string payload;
    std::string outbox_id;  ///< The refused outbox row that this replaces, or empty.
};

ReplayRequest replay_request(const DeadLetter& letter);

enum class ReplayAnswer {
    replayed,         ///< The ledger row waits, and the event is in the outbox.
    replayed_before,  ///< Somebody did it already.
    finished,         ///< The event has happened meanwhile; nothing is to be done.
    other             ///< The ledger tells another story: see the status.
};

struct ReplayResult {
    ReplayAnswer answer = ReplayAnswer::other;
    std::string status;  ///< Of the ledger row, when not replayed.
    std::uint32_t generation = 0;
};

/// What the ledger row says about a replay of `generation` that matched nothing. Pure.
ReplayAnswer judge_unmatched(std::string_view status, std::uint32_t now_in, std::uint32_t died_in);

/// Replays events by the ledger's rules (delivery rule 20): of two replays at once one does it.
class ReplayStore {
public:
    explicit ReplayStore(postgres::Pool* pool) : pool_(pool) {}

    asio::awaitable<ReplayResult> replay(ReplayRequest request);

private:
    postgres::Pool* pool_;
};

}  // namespace chatear::admin
