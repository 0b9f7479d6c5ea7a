#pragma once

#include "net/deadline.hpp"
#include "net/stream.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatear::net {

/// Shared with the operations under way, so that the owner may close and go at any time.
struct Stream::State {
    using TlsStream = asio::ssl::stream<asio::ip::tcp::socket&>;

    State(const asio::any_io_executor& on, std::string name)
        : executor(on), dependency(std::move(name)), socket(on) {}

    asio::any_io_executor executor;
    std::string dependency;
    std::string peer = "(not connected)";
    asio::ip::tcp::socket socket;
    TlsContext context;
    std::unique_ptr<TlsStream> tls;
    bool is_open = false;
    bool timed_out = false;

    void close() noexcept {
        is_open = false;
        boost::system::error_code ignored;
        socket.close(ignored);
    }

    /// Closes the stream when the time is over; nothing for no_limit.
    void arm(std::optional<Deadline>& deadline, milliseconds timeout) {
        if (timeout != no_limit) {
            deadline.emplace(executor, timeout, [this] {
                timed_out = true;
                close();
            });
        }
    }

    /// Connects, within `limit`; the stream stays open for another attempt where that fails. Throws
    /// when the task is being stopped.
    asio::awaitable<boost::system::error_code> try_address(
        asio::ip::tcp::endpoint endpoint, milliseconds limit
    );

    asio::awaitable<boost::system::error_code> write_all(std::vector<asio::const_buffer> buffers);

    /// Returns when `error` is none; else closes and throws what it means.
    void check(const boost::system::error_code& error, std::string_view doing);
};

}  // namespace chatear::net
