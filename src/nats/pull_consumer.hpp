#pragma once

#include "nats/ack_subject.hpp"
#include "nats/connection.hpp"
#include "nats/declaration.hpp"
#include "nats/delivery_guard.hpp"
#include "nats/jetstream.hpp"
#include "nats/pull_book.hpp"
#include "net/backoff.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::nats {

/// A message of a consumer, with what its acknowledgement needs.
struct JetStreamMessage {
    Message message;
    std::string stream;
    std::string consumer;
    std::uint64_t stream_seq = 0;
    std::uint64_t consumer_seq = 0;
    std::uint64_t delivered = 0;    ///< 1 at the first delivery; a lower bound.
    std::int64_t stored_at_ns = 0;  ///< Since 1970, by the server's clock.
    AckToken ack;
};

/// Bytes that a message counts for in credit: subject, reply subject, headers and payload.
std::size_t credit_bytes(const Message& message);

enum class ConsumerState {
    stopped,
    disconnected,  ///< No connection; acknowledgements wait.
    verifying,     ///< Asking whether stream and consumer are those that it knows, and it may pull.
    pulling,
    paused,   ///< The owner gives no credit.
    drained,  ///< Pulls no more; acknowledgements still work.
};

/// How patient a consumer is.
struct PullOptions {
    PullBook::Options requests{};

    /// For an answer about stream and consumer.
    std::chrono::milliseconds answer_timeout{5'000};

    /// Before what is gone is declared again: a server tells of a deletion before it has finished,
    /// and a stream of the same name made meanwhile loses its files (2.9.10: "no such file or
    /// directory" at every delivery, for ever). Requires more than Incarnation::consumer_tolerance.
    std::chrono::milliseconds deletion_pause{2'000};
};

/// Sums since the start, for metrics.
struct ConsumerCounters {
    std::uint64_t received = 0;
    std::uint64_t acks = 0;        ///< Handed to the connection.
    std::uint64_t stale_acks = 0;  ///< Dropped: of a stream or consumer that is gone (rule 4).
    std::uint64_t lost_acks = 0;   ///< Dropped: too many waited for a connection.
    std::uint64_t pulls = 0;
    std::uint64_t verifications = 0;
    std::uint64_t incarnations = 0;  ///< Times that the stream or consumer was found to be another.
    std::uint64_t recreated = 0;     ///< Alarms: it was missing and declared again.
};

/// Pulls from one durable consumer, which it declares where it is missing. The connection must
/// outlive it. One owner.
///
/// Rule 4: a delivery belongs to an incarnation of its stream and consumer. After a reconnect, a
/// deleted consumer, silence, or a sequence or store time that goes back, nothing is acknowledged
/// until both were looked at; where either is another, the deliveries in hand can be acknowledged
/// no more.
class PullConsumer {
public:
    using milliseconds = std::chrono::milliseconds;
    static constexpr std::size_t max_held_acks = 64 * 1024;

    PullConsumer(Connection& connection, ConsumerDeclaration declaration, PullOptions options = {});
    ~PullConsumer();
    PullConsumer(const PullConsumer&) = delete;
    PullConsumer& operator=(const PullConsumer&) = delete;

    void start();

    /// Returns when trouble() is none: stream and consumer are there and, as far as is known, may
    /// be pulled from. Requires start(); who stops it stops those who wait here first.
    asio::awaitable<void> wait_usable();

    /// Withdraws the pulls, gives back (NAK) what receive() was not asked for; acknowledgements go
    /// on. receive() returns nothing from now on.
    void drain();

    /// drain(), and ends. Acknowledge and flush() before. May be called twice or without start().
    asio::awaitable<void> stop();

    /// How many more messages, and bytes of them (credit_bytes()), the owner can take now; it
    /// replaces what was said before. What receive() returns is taken off by itself. Lowering it
    /// recalls nothing: what was asked for may still come. A single message may exceed the bytes
    /// when it fits in no other way.
    void set_credit(std::size_t messages, std::size_t bytes);

    /// At least one, all that is here; none only after drain() or stop(). One caller at a time.
    asio::awaitable<std::vector<JetStreamMessage>> receive();

    /// Buffered, written together; kept while the consumer is being verified; dropped where the
    /// token is of another incarnation. None of them can fail for the caller.
    void ack(const AckToken& token);
    void nak(const AckToken& token, milliseconds delay);
    /// Restarts ack_wait. Not kept: it is repeated anyway.
    void in_progress(const AckToken& token);

    /// Whether the delivery can still be acknowledged, as far as is known now.
    bool holds(const AckToken& token) const { return guard_.holds(token); }

    /// Returns when the server has all acknowledgements given so far. Throws Unavailable.
    asio::awaitable<void> flush(milliseconds timeout);

    ConsumerState state() const;
    /// Why it is not pulling, for /readyz; empty when it is.
    std::string trouble() const;
    const ConsumerCounters& counters() const { return counters_; }
    /// In what it uses against what is declared, at the last look.
    const std::vector<std::string>& differences() const { return differences_; }
    const std::string& stream() const { return stream_; }

private:
    struct HeldAck {
        AckToken token;
        std::string payload;
    };

    asio::awaitable<void> run();
    asio::awaitable<void> verify();
    asio::awaitable<void> pull_until_doubt();
    void adopt(const ReconciledConsumer& found, const StoreEvidence& evidence, std::uint64_t epoch);
    bool gives_nothing(const ConsumerInfo& info) const;
    bool delivers_to_nobody(const ReconciledConsumer& found) const;
    asio::awaitable<bool> look_into_silence(const ReconciledConsumer& found);
    asio::awaitable<bool> remove_dead(const ReconciledConsumer& found);
    asio::awaitable<StoreEvidence> gather_evidence(const ReconciledConsumer& found);
    void note_incarnation(const ReconciledConsumer& found, const StoreEvidence& evidence);
    void note_differences(const ReconciledConsumer& found);
    void note_trouble(const std::string& why);
    void subscribe_slots();
    void subscribe_advisories();
    std::string describe() const;
    void send_requests();
    void take(std::size_t slot, Message message);
    void take_status(std::size_t slot, const Message& message);
    void take_message(std::size_t slot, Message message);
    void doubt(const std::string& why);
    void doubt_deleted(const std::string& why);
    void settle(const AckToken& token, std::string payload);
    void send_ack(const AckToken& token, std::string_view payload);
    void release_held();
    bool trusted() const;
    bool usable() const;

    Connection& connection_;
    JetStream jetstream_;
    ConsumerDeclaration declaration_;
    milliseconds deletion_pause_;
    PullBook book_;
    DeliveryGuard guard_;
    net::Notification changed_;
    net::Notification arrived_;
    net::Backoff backoff_;
    std::string inbox_;
    std::string pull_subject_;
    std::string stream_;
    std::uint64_t verified_epoch_ = 0;
    bool running_ = false;
    bool drained_ = false;
    bool has_credit_ = false;
    bool deleted_ = false;                // The server told of a deletion.
    bool denied_ = false;                 // It was said that messages may not be looked at.
    int silences_ = 0;                    // To pulls of ours, since something was last heard.
    std::string pull_denied_;             // Why we may not pull; "" = as far as we know we may.
    std::uint64_t delivered_before_ = 0;  // To anybody, when we began to pull: a stream sequence.
    std::optional<net::Moment> removed_at_;  // By us, since it delivered to nobody.
    PullBook::Moment sleeps_until_{};        // When it looks into the book again by itself.
    std::string trouble_;
    std::vector<std::string> differences_;
    std::deque<JetStreamMessage> ready_;
    std::deque<HeldAck> held_;
    ConsumerCounters counters_;
    std::vector<Subscription> slots_;
    std::vector<Subscription> advisories_;
    std::shared_ptr<void> connection_listener_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::nats
