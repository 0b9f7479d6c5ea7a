#pragma once

#include "timeline.hpp"

#include <cstddef>
#include <cstdint>

namespace chatear::simulation {

/// How often what goes wrong. Each seed has weather of its own, in which some kinds never happen:
/// rare ones would otherwise drown in frequent ones. It clears up in the end.
struct Weather {
    double lost_call = 0;  ///< A call without an answer; whether it took effect is another draw.
    double slow_call = 0;  ///< Half a second to eight.
    double lost_ack = 0;
    double duplicate = 0;       ///< A message delivered twice at once.
    double reorder = 0;         ///< Not the oldest goes first.
    double stream_refuses = 0;  ///< No quorum.
    double mail_later = 0;      ///< 4xx for the recipient, or for the content.
    double mail_lost = 0;       ///< The connection breaks within the content, or behind it.
    double mail_busy = 0;       ///< A session is free only after a while.
    double mail_slow = 0;       ///< The answer to the content takes up to a minute.

    void clear_up() { *this = Weather(); }
};

/// What one seed's world is like.
struct Plan {
    std::size_t processes = 1;
    std::size_t events = 1;
    microseconds storm{};       ///< So long things go wrong.
    std::size_t disasters = 0;  ///< Crashes, stops, freezes, outages in that time.
    double crash = 0;           ///< What a disaster is, by weight.
    double stop = 0;
    double freeze = 0;
    double outage = 0;
    double partition = 0;
    double forget_acks = 0;
    double twice = 0;     ///< An event published again with the same id.
    double conflict = 0;  ///< Its id used again with another content.
    double without_id = 0;
    double poison = 0;   ///< Kills the process that handles it.
    double refused = 0;  ///< A recipient that does not exist.
    double malformed = 0;
    double by_outbox = 0;  ///< Published in a producer's transaction.
    double too_large = 0;  ///< JetStream takes it, but not its return with our headers.
    double for_later = 0;  ///< `send_at`.
    bool burst = false;    ///< Most events come at once.
    bool hold = false;     ///< MAIL_ON_AMBIGUITY=hold.
    bool limits = false;   ///< EMAIL_RATE_PER_RECIPIENT.
    milliseconds shutdown_timeout = 20s;
    std::uint32_t max_attempts = 3;
    std::size_t concurrency = 8;
    std::size_t max_ack_pending = 1000;
    std::size_t flights = 8;  ///< Places in a flight recorder.
    bool clocks_differ = false;
    Weather weather;
};

/// What the seed's world is like.
Plan draw_plan(Timeline& timeline);

}  // namespace chatear::simulation
