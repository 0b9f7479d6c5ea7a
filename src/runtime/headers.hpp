#pragma once

#include "base/clock.hpp"
#include "nats/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::runtime {

using nats::find_header;
using nats::Headers;

/// Headers of ours on events and dead letters.
namespace header {
inline constexpr std::string_view event_id = "Chatear-Event-Id";
inline constexpr std::string_view generation = "Chatear-Generation";
inline constexpr std::string_view published_at = "Chatear-Published-At";
inline constexpr std::string_view original_prefix = "Chatear-Original-";
inline constexpr std::string_view reason = "Chatear-Reason";
inline constexpr std::string_view dead_at = "Chatear-Dead-At";
inline constexpr std::string_view attempts = "Chatear-Attempts";
inline constexpr std::string_view worker = "Chatear-Worker";
inline constexpr std::string_view subject = "Chatear-Subject";
inline constexpr std::string_view stream = "Chatear-Stream";
inline constexpr std::string_view stream_sequence = "Chatear-Stream-Sequence";
inline constexpr std::string_view content_sha256 = "Chatear-Content-Sha256";
}  // namespace header

/// What `Chatear-Original-...` lines may hold together; what is over is left out (rule 15).
inline constexpr std::size_t max_original_header_bytes = 8 * 1024;

/// The headers of an event that is published again: those that begin with `Nats-` kept as
/// `Chatear-Original-...`, since the server would act on them; our own identity lines taken out,
/// for the caller to set (rule 15). Lines that we could not write ourselves are left out.
Headers republished(const Headers& headers);

/// Only that with lines that begin with `Nats-`. A producer's outbox row may have one that the
/// server refuses (an expected sequence), which would look like a stream that is down.
Headers without_nats_headers(const Headers& headers);

/// Sets the lines that make a message the same event wherever it is read (rules 1, 3, 11).
void set_identity(
    Headers& headers, std::string_view event_id, std::uint32_t generation, Time published_at
);

/// What can stand in a header for `text`, which may be anything (a server's answer): one line of
/// UTF-8, at most 1000 bytes of it.
std::string header_value(std::string_view text);

/// Removes every line of this name and adds one.
void set_header(Headers& headers, std::string_view name, std::string value);

}  // namespace chatear::runtime
