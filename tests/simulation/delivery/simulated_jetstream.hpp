#pragma once

#include "nats/jetstream.hpp"
#include "timeline.hpp"
#include "weather.hpp"
#include "wire.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace chatear::simulation {

class SimulatedSource;

/// A message that one of the other streams keeps.
struct Published {
    std::string subject;
    std::string payload;
    nats::Headers headers;
};

/// JetStream with a stream of `email.send`, its one durable pull consumer, and the streams that
/// keep dead letters and what is told to others. Delivers at least once: again after ack_wait,
/// twice at once, in any order; forgets acknowledgements when it is told to.
class SimulatedJetStream {
public:
    static constexpr auto ack_wait = 30s;
    static constexpr auto dedup_window = 120s;

    SimulatedJetStream(
        Timeline& timeline, const Weather& weather, std::size_t max_ack_pending, microseconds offset
    )
        : timeline_(timeline),
          weather_(weather),
          max_ack_pending_(max_ack_pending),
          offset_(offset) {}

    Server server{"nats"};

    /// By a producer; the id of an event that brings none, by its place in the stream.
    std::string publish_event(std::string payload, nats::Headers headers);
    /// By a relay.
    nats::PublishResult publish(const nats::Message& message);

    void connect(SimulatedSource& source) { sources_.push_back(&source); }
    void disconnect(SimulatedSource& source) { std::erase(sources_, &source); }

    // What its clients say.
    void ack(std::uint64_t sequence);
    void nak(std::uint64_t sequence, milliseconds delay);
    void in_progress(std::uint64_t sequence);

    /// It crashed before these reached its disk: the same events come again.
    void forget_acks();

    /// Delivers what can be delivered.
    void pump();

    std::size_t unacknowledged() const;
    const std::vector<Published>& dead_letters() const { return dead_letters_; }
    const std::vector<Published>& told() const { return told_; }

private:
    struct Message {
        std::string payload;
        nats::Headers headers;
        std::int64_t stored_at_ns = 0;
        std::uint64_t delivered = 0;
        bool acked = false;
        bool pending = false;
        net::Moment until{};  ///< Pending: its ack_wait ends; else: not before.
    };

    std::uint64_t store(std::string payload, nats::Headers headers);
    void wait_for(std::uint64_t sequence);
    SimulatedSource* next_source();
    std::uint64_t next_message();
    void deliver(SimulatedSource& source, std::uint64_t sequence);

    Timeline& timeline_;
    const Weather& weather_;
    std::size_t max_ack_pending_;
    microseconds offset_;  ///< Of its clock.
    std::map<std::uint64_t, Message> messages_;
    std::map<std::string, net::Moment> seen_;  ///< By Nats-Msg-Id.
    std::vector<SimulatedSource*> sources_;
    std::vector<Published> dead_letters_;
    std::vector<Published> told_;
};

}  // namespace chatear::simulation
