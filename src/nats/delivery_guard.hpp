#pragma once

#include "base/clock.hpp"
#include "nats/ack_subject.hpp"
#include "net/moment.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace chatear::nats {

/// What acknowledges one delivery.
struct AckToken {
    std::string subject;            ///< Where `+ACK` goes.
    std::uint64_t incarnation = 0;  ///< Of stream and consumer; counted by the process.
    std::uint64_t stream_seq = 0;
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

/// A delivery that was not acknowledged yet.
struct InHand {
    std::uint64_t stream_seq = 0;
    std::int64_t stored_at_ns = 0;
};

/// What the server has of the newest message in our hands, which a work queue keeps until we
/// acknowledge it. A store that was put back from an older copy has the times of creation of the
/// newer one.
struct StoreEvidence {
    std::optional<InHand> asked{};    ///< Nothing was in hand: no acknowledgement can do harm.
    std::uint64_t last_seq = 0;       ///< Of the stream.
    bool looked = true;               ///< False: nobody could say whether it is there.
    std::optional<Time> stored_at{};  ///< Of the message with that sequence, if it is there.
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

    /// The newest delivery in hand; nothing where none is.
    std::optional<InHand> newest_in_hand(net::Moment now);

    /// Both infos were read. True when they are of another incarnation than before (the first one
    /// counts as such), or of an older copy of its store: the tokens so far are dead.
    bool verified(const Incarnation& found, const StoreEvidence& evidence);

    /// Looks at a delivery in the order of arrival. False = sequences or store times contradict
    /// what came before: another stream or consumer may answer now; it is in doubt from here on.
    bool consistent(const AckSubject& delivery);

    /// What acknowledges a delivery that does not count as in hand.
    AckToken token_of(std::string subject, const AckSubject& delivery) const {
        return {std::move(subject), number_, delivery.stream_seq};
    }

    /// A delivery is in hand from here on, until its acknowledgement leaves, or nobody has kept it
    /// for a minute: then the server has given it to somebody else.
    AckToken take(std::string subject, const AckSubject& delivery, net::Moment now);
    void keep(const AckToken& token, net::Moment now);
    /// Its acknowledgement waits for the look: in hand until that leaves, however long it takes.
    void hold_back(const AckToken& token);
    void let_go(const AckToken& token) { in_hand_.erase(token.stream_seq); }

    bool holds(const AckToken& token) const { return token.incarnation == number_ && number_ != 0; }

    std::uint64_t number() const { return number_; }
    const std::optional<Incarnation>& incarnation() const { return incarnation_; }

private:
    void sweep(net::Moment now);

    struct Held {
        std::int64_t stored_at_ns = 0;
        net::Moment kept_at{};
        bool ack_waits = false;
    };

    bool in_doubt_ = true;
    std::uint64_t doubts_ = 0;
    std::uint64_t number_ = 0;
    std::optional<Incarnation> incarnation_;
    std::uint64_t last_consumer_seq_ = 0;
    std::uint64_t highest_stream_seq_ = 0;
    std::int64_t highest_stored_at_ns_ = 0;
    std::map<std::uint64_t, Held> in_hand_;  // By their sequence in the stream.
    std::size_t sweep_at_ = 1024;            // Dropped deliveries are never let go.
};

}  // namespace chatear::nats
