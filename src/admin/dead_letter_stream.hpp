#pragma once

#include "admin/dead_letter.hpp"
#include "nats/jetstream.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

namespace asio = boost::asio;

/// The stream that keeps dead letters, walked from its beginning. Throws Unavailable; what the
/// server refuses ends the command.
class DeadLetterStream {
public:
    /// Finds the stream; nothing when there is none yet.
    static asio::awaitable<std::optional<DeadLetterStream>> find(nats::JetStream* jetstream);

    /// The next letter that `filter` matches, at `sequence` or behind it; nothing at the end.
    asio::awaitable<std::optional<DeadLetter>> next(
        DeadLetterFilter filter, std::uint64_t sequence
    );

    asio::awaitable<std::optional<DeadLetter>> at(std::uint64_t sequence);

    /// False when it was gone already.
    asio::awaitable<bool> remove(std::uint64_t sequence);

    const std::string& name() const { return name_; }

private:
    DeadLetterStream(nats::JetStream* jetstream, std::string name)
        : jetstream_(jetstream), name_(std::move(name)) {}

    nats::JetStream* jetstream_;
    std::string name_;
};

}  // namespace chatear::admin
