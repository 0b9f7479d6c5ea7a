#pragma once

#include "base/clock.hpp"
#include "nats/ack_subject.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace chatear::nats {

/// What acknowledges one delivery.
struct AckToken {
    std::string subject;            ///< Where `+ACK` goes.
    std::uint64_t incarnation = 0;  ///< Of stream and consumer; counted by the process.
};

/// When stream and consumer were made, as the server writes it: tells one incarnation from the
/// next.
struct Incarnation {
    std::string stream;
    std::string stream_created;
    std::string consumer_created;

    bool operator==(const Incarnation&) const = default;

    /// A server that was restarted tells of a consumer's creation a little later than before: it
    /// reads the time of the consumer's file then (2.9.10 and 2.10.27, measured: 0.2 to 0.3 ms).
    /// Whoever declares a consumer again must wait for longer, so that it is told apart.
    static constexpr std::chrono::milliseconds consumer_tolerance{500};

    /// Whether both are the same stream and consumer.
    bool same_as(const Incarnation& other) const;
};

/// What the server has of the newest message that was delivered to us. A store that was put back
/// from an older copy has the times of creation of the newer one.
struct StoreEvidence {
    std::uint64_t last_seq = 0;              ///< Of the stream.
    std::uint64_t delivered_seq = 0;         ///< Of the stream, by the consumer.
    std::optional<Time> newest_stored_at{};  ///< Of the message with newest_seq(), if it is there.
};

/// Whether two times, as a server writes them, may be of one creation: a restart moves them a
/// little (Incarnation::consumer_tolerance).
bool created_at_once(const std::string& one, const std::string& other);

/// Rule 4 as a state machine: which deliveries may be acknowledged, and when the consumer must be
/// looked at first. Does no I/O.
class DeliveryGuard {
public:
    /// Nothing may be acknowledged until verified() was called.
    bool in_doubt() const { return in_doubt_; }
    void doubt() {
        in_doubt_ = true;
        ++doubts_;
    }

    /// Grows with each doubt: infos that were asked for before the latest one prove nothing.
    std::uint64_t doubts() const { return doubts_; }

    /// The newest message that was delivered in this incarnation; 0 = none.
    std::uint64_t newest_seq() const { return newest_seq_; }

    /// Both infos were read. True when they are of another incarnation than before (the first one
    /// counts as such), or of an older copy of its store: the tokens so far are dead.
    bool verified(const Incarnation& found, const StoreEvidence& evidence);

    /// Looks at a delivery in the order of arrival. False = sequences or store times contradict
    /// what came before: another stream or consumer may answer now; it is in doubt from here on.
    bool consistent(const AckSubject& delivery);

    AckToken token(std::string subject) const { return {std::move(subject), number_}; }
    bool holds(const AckToken& token) const { return token.incarnation == number_ && number_ != 0; }

    std::uint64_t number() const { return number_; }
    const std::optional<Incarnation>& incarnation() const { return incarnation_; }

private:
    bool is_older(const StoreEvidence& evidence) const;

    bool in_doubt_ = true;
    std::uint64_t doubts_ = 0;
    std::uint64_t number_ = 0;
    std::optional<Incarnation> incarnation_;
    std::uint64_t last_consumer_seq_ = 0;
    std::uint64_t highest_stream_seq_ = 0;
    std::int64_t highest_stored_at_ns_ = 0;
    // The same of all that was delivered in this incarnation, over all looks.
    std::uint64_t newest_seq_ = 0;
    std::int64_t newest_stored_at_ns_ = 0;
};

}  // namespace chatear::nats
