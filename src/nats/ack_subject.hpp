#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace chatear::nats {

/// What the reply subject of a message from a JetStream consumer tells of it.
struct AckSubject {
    std::string domain;  ///< Empty in the short form.
    std::string stream;
    std::string consumer;
    std::uint64_t delivered = 0;     ///< 1 at the first delivery. A lower bound after a crash.
    std::uint64_t stream_seq = 0;    ///< Of the message in its stream.
    std::uint64_t consumer_seq = 0;  ///< Counts the consumer's deliveries.
    std::int64_t stored_at_ns = 0;   ///< Since 1970, by the server's clock.
    std::uint64_t pending = 0;       ///< Messages of the consumer behind this one.

    bool operator==(const AckSubject&) const = default;
};

/// `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>`, or with
/// domain and account hash in front and perhaps a random token behind (ADR-15 of nats-io). Nothing
/// for any other subject.
std::optional<AckSubject> parse_ack_subject(std::string_view subject);

}  // namespace chatear::nats
