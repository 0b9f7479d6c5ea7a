#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "runtime/headers.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::runtime {

/// What JetStream said of a message.
struct StoredMessage {
    std::string subject;
    std::string payload;
    Headers headers;
    std::string stream;
    std::uint64_t stream_sequence = 0;
    std::int64_t stored_at_ns = 0;  ///< Since 1970, by the server's clock.
    std::uint64_t delivered =
        1;  ///< How often, this time included; a lower bound (facts: acks get lost).
};

/// Who an event is, wherever its message travels (rules 1, 2, 3, 11).
struct Event {
    StoredMessage message;
    std::string event_id;
    std::uint32_t generation = 0;  ///< Passes through the outbox.
    Time published_at;             ///< When JetStream first stored it.
    std::string content_sha256;    ///< 32 raw bytes.
};

inline constexpr std::size_t max_event_id_bytes = 512;

/// Works out who the message is. `id_in_body` is its `event_id` field, where its decoder found one.
/// An Error says which header is malformed; the event is then identified by its place in the
/// stream, so that even its dead letter stands exactly once.
struct Identified {
    Event event;
    std::optional<Error> problem;
};
Identified identify(
    StoredMessage message, std::optional<std::string> id_in_body, std::string content_sha256
);

/// The id under which the second content of one id becomes a dead letter (rule 2).
std::string conflict_id(std::string_view event_id, std::string_view content_sha256);

}  // namespace chatear::runtime
