#pragma once

#include "runtime/event_source.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// What every `EventSource` does, the one over JetStream and the one that consumers are tested
/// with: what it gives, and how much of it.
namespace chatear::conformance {

namespace asio = boost::asio;

class EventSourceWorld {
public:
    virtual ~EventSourceWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual asio::any_io_executor executor() = 0;
    virtual runtime::EventSource& source() = 0;  ///< Started.
    /// An event with this id and payload stands in the stream.
    virtual asio::awaitable<void> publish(std::string id, std::string payload) = 0;
};

using MakeEventSourceWorld = std::unique_ptr<EventSourceWorld> (*)();

class EventSourceContract : public testing::TestWithParam<MakeEventSourceWorld> {
protected:
    using Messages = std::vector<nats::JetStreamMessage>;

    EventSourceContract() : world_(GetParam()()) {}

    void run(const std::function<asio::awaitable<void>()>& body) { world_->run(body); }
    asio::any_io_executor executor() { return world_->executor(); }
    runtime::EventSource& source() { return world_->source(); }

    /// "e0", "e1", ... with the payloads "0", "1", ...
    asio::awaitable<void> publish(std::size_t count);
    /// Receives until so many came.
    asio::awaitable<Messages> receive(std::size_t count);
    /// One call of receive(), into `received`.
    asio::awaitable<void> receive_once(std::size_t& received);

private:
    std::unique_ptr<EventSourceWorld> world_;
};

}  // namespace chatear::conformance
