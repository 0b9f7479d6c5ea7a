#pragma once

#include "base/values.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstdint>

namespace chatear::net {

namespace asio = boost::asio;

/// A listening TCP socket.
class Listener {
public:
    /// Binds and listens. Throws std::runtime_error naming the address and the reason.
    Listener(const asio::any_io_executor& executor, const ListenAddress& address);

    /// The next connection; waits out passing errors such as too many open files (accept(2)).
    asio::awaitable<asio::ip::tcp::socket> accept();

    std::uint16_t port() const;  ///< The real one where 0 was asked for.
    void close() noexcept;

private:
    asio::ip::tcp::acceptor acceptor_;
};

}  // namespace chatear::net
