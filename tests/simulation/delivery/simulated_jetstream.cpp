#include "simulated_jetstream.hpp"

#include "producer.hpp"
#include "simulated_source.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::simulation {

std::uint64_t SimulatedJetStream::store(std::string payload, nats::Headers headers) {
    const std::uint64_t sequence = messages_.size() + 1;
    Message& message = messages_[sequence];
    message.payload = std::move(payload);
    message.headers = std::move(headers);
    message.stored_at_ns =
        std::chrono::nanoseconds((timeline_.civil() + offset_).time_since_epoch()).count();
    message.until = timeline_.now();
    timeline_.after(timeline_.draw(100us, 2ms), [this] { pump(); });
    return sequence;
}

std::string SimulatedJetStream::publish_event(std::string payload, nats::Headers headers) {
    const std::uint64_t sequence = store(std::move(payload), std::move(headers));
    return fmt::format("NOTIFICATIONS:{}:{}", sequence, messages_.at(sequence).stored_at_ns);
}

nats::PublishResult SimulatedJetStream::publish(const nats::Message& message) {
    if (timeline_.chance(weather_.stream_refuses)) {
        nats::PublishError error;
        error.kind = nats::PublishError::Kind::stream_unavailable;
        error.reason = "no quorum";
        return error;
    }
    if (message.subject == "email.send" &&
        message.payload.find(too_large_body) != std::string::npos) {
        nats::PublishError error;
        error.kind = nats::PublishError::Kind::refused;
        error.reason = "too large";
        return error;
    }
    const std::string id(nats::find_header(message.headers, "Nats-Msg-Id").value_or(""));
    const auto seen = seen_.find(id);
    nats::PublishReply reply;
    reply.duplicate = seen != seen_.end() && timeline_.now() - seen->second < dedup_window;
    timeline_.tell(
        server.name, (reply.duplicate ? "knows " : "stores ") + id + " on " + message.subject
    );
    if (reply.duplicate) {
        return reply;
    }
    seen_[id] = timeline_.now();
    if (message.subject == "email.send") {
        reply.seq = store(message.payload, message.headers);
    } else {
        auto& stream = message.subject.starts_with("dlq.") ? dead_letters_ : told_;
        stream.push_back({message.subject, message.payload, message.headers});
    }
    return reply;
}

void SimulatedJetStream::ack(std::uint64_t sequence) {
    Message& message = messages_.at(sequence);
    message.acked = true;
    message.pending = false;
    timeline_.tell(server.name, fmt::format("has the ack of {}", sequence));
    pump();
}

void SimulatedJetStream::nak(std::uint64_t sequence, milliseconds delay) {
    Message& message = messages_.at(sequence);
    if (message.pending) {
        message.pending = false;
        message.until = timeline_.now() + delay;
        timeline_.after(delay, [this] { pump(); });
    }
}

void SimulatedJetStream::in_progress(std::uint64_t sequence) {
    Message& message = messages_.at(sequence);
    if (message.pending) {
        message.until = timeline_.now() + ack_wait;
        wait_for(sequence);
    }
}

void SimulatedJetStream::wait_for(std::uint64_t sequence) {
    timeline_.after(ack_wait, [this, sequence] {
        Message& message = messages_.at(sequence);
        if (message.pending && message.until <= timeline_.now()) {
            message.pending = false;
            timeline_.tell(server.name, fmt::format("waited long enough for {}", sequence));
            pump();
        }
    });
}

void SimulatedJetStream::forget_acks() {
    timeline_.tell(server.name, "forgets acknowledgements");
    for (auto& [sequence, message] : messages_) {
        if (message.acked && timeline_.chance(0.7)) {
            message.acked = false;
            message.until = timeline_.now();
        }
    }
    pump();
}

std::size_t SimulatedJetStream::unacknowledged() const {
    return static_cast<std::size_t>(std::count_if(
        messages_.begin(), messages_.end(), [](const auto& entry) { return !entry.second.acked; }
    ));
}

SimulatedSource* SimulatedJetStream::next_source() {
    std::vector<SimulatedSource*> hungry;
    std::copy_if(
        sources_.begin(),
        sources_.end(),
        std::back_inserter(hungry),
        [](const SimulatedSource* source) { return source->room() > 0; }
    );
    return hungry.empty() ? nullptr : hungry[timeline_.pick(hungry.size())];
}

/// 0 when none can be delivered.
std::uint64_t SimulatedJetStream::next_message() {
    std::vector<std::uint64_t> ready;
    std::size_t pending = 0;
    for (const auto& [sequence, message] : messages_) {
        pending += message.pending ? 1 : 0;
        if (!message.acked && !message.pending && message.until <= timeline_.now()) {
            ready.push_back(sequence);
        }
    }
    if (ready.empty() || pending >= max_ack_pending_) {
        return 0;
    }
    return timeline_.chance(weather_.reorder) ? ready[timeline_.pick(ready.size())] : ready.front();
}

void SimulatedJetStream::pump() {
    while (!server.down) {
        SimulatedSource* const source = next_source();
        const std::uint64_t sequence = source == nullptr ? 0 : next_message();
        if (sequence == 0) {
            return;
        }
        deliver(*source, sequence);
    }
}

void SimulatedJetStream::deliver(SimulatedSource& source, std::uint64_t sequence) {
    Message& message = messages_.at(sequence);
    message.pending = true;
    message.until = timeline_.now() + ack_wait;
    ++message.delivered;
    wait_for(sequence);
    nats::JetStreamMessage delivered;
    delivered.message.subject = "email.send";
    delivered.message.payload = message.payload;
    delivered.message.headers = message.headers;
    delivered.stream = "NOTIFICATIONS";
    delivered.stream_seq = sequence;
    delivered.delivered = message.delivered;
    delivered.stored_at_ns = message.stored_at_ns;
    delivered.ack.subject = std::to_string(sequence);
    source.send(delivered);
    if (timeline_.chance(weather_.duplicate)) {
        source.send(delivered);
    }
}

}  // namespace chatear::simulation
