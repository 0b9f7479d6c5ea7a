#pragma once

#include "nats/pull_consumer.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Where a subject's events come from and are acknowledged; nats::PullConsumer in real life, whose
/// contracts these are.
class EventSource {
public:
    virtual ~EventSource() = default;

    virtual void start() = 0;
    virtual void set_credit(std::size_t messages, std::size_t bytes) = 0;
    virtual asio::awaitable<std::vector<nats::JetStreamMessage>> receive() = 0;
    virtual void ack(const nats::AckToken& token) = 0;
    virtual void nak(const nats::AckToken& token, std::chrono::milliseconds delay) = 0;
    virtual void in_progress(const nats::AckToken& token) = 0;

    /// Gives no more messages; receive() returns none from now on.
    virtual void drain() = 0;

    /// Returns when the server has all acknowledgements. Throws Unavailable.
    virtual asio::awaitable<void> flush(std::chrono::milliseconds timeout) = 0;
    virtual asio::awaitable<void> stop() = 0;

    /// Why nothing comes, for /readyz; empty when all is well.
    virtual std::string trouble() const = 0;
};

/// The one over JetStream.
class JetStreamEventSource final : public EventSource {
public:
    JetStreamEventSource(nats::Connection& connection, nats::ConsumerDeclaration declaration)
        : consumer_(connection, std::move(declaration)) {}

    void start() override { consumer_.start(); }
    void set_credit(std::size_t messages, std::size_t bytes) override {
        consumer_.set_credit(messages, bytes);
    }
    asio::awaitable<std::vector<nats::JetStreamMessage>> receive() override {
        return consumer_.receive();
    }
    void ack(const nats::AckToken& token) override { consumer_.ack(token); }
    void nak(const nats::AckToken& token, std::chrono::milliseconds delay) override {
        consumer_.nak(token, delay);
    }
    void in_progress(const nats::AckToken& token) override { consumer_.in_progress(token); }
    void drain() override { consumer_.drain(); }
    asio::awaitable<void> flush(std::chrono::milliseconds timeout) override {
        return consumer_.flush(timeout);
    }
    asio::awaitable<void> stop() override { return consumer_.stop(); }
    std::string trouble() const override { return consumer_.trouble(); }
    /// Returns once events can come: what is published from now on is kept for us.
    asio::awaitable<void> wait_usable() { return consumer_.wait_usable(); }
    const nats::ConsumerCounters& counters() const { return consumer_.counters(); }

private:
    nats::PullConsumer consumer_;
};

}  // namespace chatear::runtime
