#pragma once

#include "nats/message.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace chatear::nats {

/// One pull to be sent.
struct PullRequest {
    std::size_t slot = 0;
    std::uint64_t number = 0;
    std::size_t messages = 0;
    std::size_t bytes = 0;  ///< 0 = no limit.
    std::chrono::milliseconds expires{};
    std::chrono::milliseconds heartbeat{};
};

/// Keeps the account of a pull consumer's credit: how much the owner can take, how much of it is
/// asked for in requests that are under way, what came. Does no I/O; `now` is any clock that only
/// goes forward.
///
/// The promise: what is asked for and has not come, plus what came and was not taken, is never more
/// than the last credit at the time of asking; and credit that a request did not use comes back.
class PullBook {
public:
    using milliseconds = std::chrono::milliseconds;
    using Moment = std::chrono::nanoseconds;

    /// Requests under way at once: enough for the next to be there when one ends.
    static constexpr std::size_t slots = 4;

    struct Options {
        milliseconds expires{30'000};
        milliseconds heartbeat{5'000};
        /// Until anything was heard: a consumer that delivers to nobody shows itself at once.
        milliseconds first_heartbeat{1'000};
        milliseconds grace{5'000};  ///< After `expires`, when no status came: give the credit back.

        /// From one request to a next one that asks for less than a quarter of the room: a backlog
        /// answers each at once, and each costs the server about as much as a message.
        milliseconds gather{20};
    };

    explicit PullBook(Options options) : options_(options) {}

    /// The consumer's own limits, as read from its configuration; 0 = none.
    void set_limits(std::size_t max_batch, std::size_t max_bytes, milliseconds max_expires);

    /// How much more the owner can take now, beside nothing: it replaces what was said before.
    void set_credit(std::size_t messages, std::size_t bytes);

    /// A message came over `slot`. True when it was the last that a request asked for: another may
    /// be sent.
    bool on_message(std::size_t slot, std::size_t bytes, Moment now);
    /// The owner took them from us: its credit is less by so much until it says anew.
    void on_taken(std::size_t messages, std::size_t bytes);
    /// What came was thrown away.
    void on_dropped(std::size_t messages, std::size_t bytes);

    /// What a status means for the owner of the book.
    enum class Effect {
        none,
        verify,   ///< Its configuration is another than we read: look before acting on.
        deleted,  ///< It may be gone: the same.
    };
    Effect on_status(
        std::size_t slot, std::uint64_t number, int status, std::string_view text, Moment now
    );

    /// All requests under way are void: a new connection, or new subscriptions.
    void on_restart(Moment now);

    /// Requests whose time is over long since give their credit back.
    void expire(Moment now);

    /// True when neither message nor heartbeat came for two heartbeats: look whether the consumer
    /// is there.
    bool silent(Moment now) const { return now >= silent_at(); }

    /// The requests to send now.
    std::vector<PullRequest> take_requests(Moment now);

    /// When expire(), silent() or take_requests() may have something new to say.
    Moment next_look(Moment now) const;

    std::size_t messages_requested() const;  ///< Asked for, not come.
    std::size_t bytes_requested() const;
    std::size_t messages_waiting() const { return waiting_messages_; }  ///< Come, not taken.
    std::size_t bytes_waiting() const { return waiting_bytes_; }
    std::size_t requests_under_way() const;

private:
    struct Slot {
        std::uint64_t number = 0;
        std::size_t messages = 0;     // Still to come; 0 = no request.
        std::size_t bytes = 0;        // Still to come.
        std::size_t asked_bytes = 0;  // When it was sent.
        Moment void_at{};
    };

    /// What one request may ask for; no messages = nothing now.
    struct Share {
        std::size_t messages = 0;
        std::size_t bytes = 0;
    };

    milliseconds beat() const;
    Moment silent_at() const;
    void hear(Moment now);
    Share free_room() const;
    bool quarter_is_free(const Share& free) const;
    Share next_share(Moment now) const;
    bool can_ask(Moment now) const;
    std::optional<PullRequest> next_request(Moment now);
    void hold_off(Moment now);

    Options options_;
    std::size_t max_batch_ = 0;
    std::size_t max_bytes_ = 0;
    milliseconds max_expires_{0};
    std::array<Slot, slots> slots_{};
    std::uint64_t last_number_ = 0;
    std::size_t credit_messages_ = 0;
    std::size_t credit_bytes_ = 0;
    std::size_t most_messages_ = 0;  // The largest credit seen: the owner's whole room.
    std::size_t most_bytes_ = 0;
    std::size_t waiting_messages_ = 0;
    std::size_t waiting_bytes_ = 0;
    bool heard_ = false;  // Since the last restart.
    Moment last_heard_{};
    Moment last_asked_{};
    Moment hold_until_{};  // After a refusal, no request before this.
    milliseconds hold_step_{0};
    std::size_t too_large_for_ = 0;  // Bytes that the next message did not fit into; 0 = no such.
    Moment retry_too_large_at_{};    // Another process may have taken it.
};

}  // namespace chatear::nats
