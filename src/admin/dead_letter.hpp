#pragma once

#include "base/clock.hpp"
#include "nats/stored_message.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

/// A dead letter as its headers describe it (delivery rule 20). Everything in it was written by
/// others; what is missing is empty.
struct DeadLetter {
    std::uint64_t sequence = 0;  ///< In the stream of dead letters.
    std::string subject;         ///< Of the event: "email.send".
    std::string event_id;        ///< Empty = not one of ours: it cannot be replayed.
    std::uint32_t generation = 0;
    std::optional<Time> published_at;  ///< When JetStream first stored the event.
    std::string reason;
    Time dead_at{};  ///< As its header says, else when it was stored.
    std::string attempts;
    std::string worker;
    std::string stream;
    std::string stream_sequence;
    std::string content_sha256;  ///< 32 raw bytes, or empty.
    std::string outbox_id;  ///< The outbox row that keeps the bytes of a refused event, or empty.
    nats::Headers headers;  ///< All, as stored.
    std::string payload;
};

DeadLetter read_dead_letter(const nats::StoredMessage& stored);

/// The headers of the event when it comes back, one generation on: without the letter's own lines
/// and without `Nats-` ones, which the server would act on.
nats::Headers replay_headers(const DeadLetter& letter);

/// For `dlq list`, and with bytes and headers for `dlq show`.
boost::json::object summary(const DeadLetter& letter);
boost::json::object details(const DeadLetter& letter);

/// Which dead letters are meant.
struct DeadLetterFilter {
    std::string subject;        ///< Of the event, wildcards allowed; empty = all.
    std::string reason;         ///< Part of the reason, ASCII letters in either case; empty = all.
    std::optional<Time> since;  ///< Dead at this time or later.
    std::optional<Time> until;  ///< Dead before this time.

    bool matches(const DeadLetter& letter) const;
};

}  // namespace chatear::admin
