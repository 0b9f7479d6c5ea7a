#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace chatear::net {

namespace asio = boost::asio;

/// Looks names up (in Asio's own thread) and keeps the last good answer, which serves when the
/// name server does not answer.
class Resolver {
public:
    explicit Resolver(const asio::any_io_executor& executor) : resolver_(executor) {}

    /// The addresses to try, in order. Throws Unavailable naming `dependency` when the name has
    /// never been resolved and cannot be now, within `timeout`.
    asio::awaitable<std::vector<asio::ip::tcp::endpoint>> resolve(
        std::string dependency,
        std::string host,
        std::uint16_t port,
        std::chrono::milliseconds timeout
    );

private:
    asio::ip::tcp::resolver resolver_;
    std::map<std::pair<std::string, std::uint16_t>, std::vector<asio::ip::tcp::endpoint>>
        last_good_;
};

}  // namespace chatear::net
