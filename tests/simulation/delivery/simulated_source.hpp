#pragma once

#include "net/notification.hpp"
#include "runtime/event_source.hpp"
#include "runtime/relay.hpp"
#include "simulated_jetstream.hpp"
#include "wire.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::simulation {

/// A process's pull consumer.
class SimulatedSource final : public runtime::EventSource {
public:
    SimulatedSource(SimulatedJetStream& stream, Wire& wire)
        : stream_(stream), wire_(wire), changed_(wire.executor()) {}
    ~SimulatedSource() override { stream_.disconnect(*this); }
    SimulatedSource(const SimulatedSource&) = delete;
    SimulatedSource& operator=(const SimulatedSource&) = delete;

    void start() override { stream_.connect(*this); }

    void set_credit(std::size_t messages, std::size_t /*bytes*/) override {
        credit_ = messages;
        wire_.timeline().after(wire_.way(), [&stream = stream_] { stream.pump(); });
    }

    asio::awaitable<std::vector<nats::JetStreamMessage>> receive() override {
        while (!drained_ && waiting_.empty()) {
            co_await changed_.wait();
        }
        if (drained_) {
            co_return std::vector<nats::JetStreamMessage>();
        }
        credit_ -= std::min(credit_, waiting_.size());
        co_return std::exchange(waiting_, {});
    }

    void ack(const nats::AckToken& token) override {
        say([&stream = stream_, sequence = number(token)] { stream.ack(sequence); });
    }
    void nak(const nats::AckToken& token, std::chrono::milliseconds delay) override {
        say([&stream = stream_, sequence = number(token), delay] { stream.nak(sequence, delay); });
    }
    void in_progress(const nats::AckToken& token) override {
        say([&stream = stream_, sequence = number(token)] { stream.in_progress(sequence); });
    }

    void drain() override {
        drained_ = true;
        changed_.notify_all();
    }
    asio::awaitable<void> flush(std::chrono::milliseconds /*timeout*/) override {
        std::function<bool()> nothing = [] { return true; };
        (void)co_await wire_.call<bool>(std::move(nothing));
    }
    asio::awaitable<void> stop() override {
        stream_.disconnect(*this);
        co_return;
    }
    std::string trouble() const override { return {}; }

    /// How many more messages the server may send.
    std::size_t room() const {
        const std::size_t taken = waiting_.size() + on_the_way_;
        return drained_ || !wire_.reachable() || taken >= credit_ ? 0 : credit_ - taken;
    }

    /// By the server. What finds no connection on its way is lost.
    void send(nats::JetStreamMessage message) {
        ++on_the_way_;
        wire_.timeline().after(
            wire_.way(),
            [this, alive = wire_.alive(), message = std::move(message)] {
                if (!*alive) {
                    return;
                }
                --on_the_way_;
                if (!drained_ && wire_.reachable()) {
                    waiting_.push_back(message);
                    changed_.notify_all();
                }
            }
        );
    }

private:
    static std::uint64_t number(const nats::AckToken& token) { return std::stoull(token.subject); }

    /// Nobody answers, so nobody knows whether it arrives.
    void say(std::function<void()> what) {
        Timeline& timeline = wire_.timeline();
        const bool waits = !wire_.reachable();  // For the connection, if it does not get lost.
        if (timeline.chance(waits ? 0.5 : wire_.weather().lost_ack)) {
            return;
        }
        timeline.after(waits ? timeline.draw(1s, 60s) : wire_.way(), std::move(what));
    }

    SimulatedJetStream& stream_;
    Wire& wire_;
    std::size_t credit_ = 0;
    std::size_t on_the_way_ = 0;
    std::vector<nats::JetStreamMessage> waiting_;
    bool drained_ = false;
    net::Notification changed_;
};

/// A relay's way to JetStream.
class SimulatedPublisher final : public runtime::Publisher {
public:
    SimulatedPublisher(SimulatedJetStream& stream, Wire& wire) : stream_(stream), wire_(wire) {}

    asio::awaitable<nats::PublishResult> publish(nats::Message message) override {
        std::function<nats::PublishResult()> effect =
            [&stream = stream_, message = std::move(message)] { return stream.publish(message); };
        co_return co_await wire_.call<nats::PublishResult>(std::move(effect));
    }

private:
    SimulatedJetStream& stream_;
    Wire& wire_;
};

}  // namespace chatear::simulation
