#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::net {

namespace asio = boost::asio;

/// Looks names up (in Asio's own thread) and keeps the last good answer, which serves when the
/// name server does not answer.
class Resolver {
public:
    /// A name server that does not answer must not use up the time in which to connect.
    static constexpr std::chrono::milliseconds patience{1'000};

    explicit Resolver(const asio::any_io_executor& executor);

    /// The addresses to try, in order. Throws Unavailable naming `dependency` when the name has
    /// never been resolved and cannot be now, within `timeout`; where it has been, a new answer is
    /// waited for no longer than `patience`. A lookup that is late goes on by itself, and its
    /// answer serves the next call; at most one a name is under way.
    asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(
        std::string dependency,
        std::string host,
        std::uint16_t port,
        std::chrono::milliseconds timeout
    );

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace chatear::net
