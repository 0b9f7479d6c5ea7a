#pragma once

#include "net/resolver.hpp"
#include "net/tls_context.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::net {

/// A TCP connection, plain or under TLS. At most one read and one write at a time. Every failure,
/// a time limit among them, throws Unavailable naming the dependency and the peer, and closes the
/// stream; a task that is being stopped gets system_error(operation_aborted) instead.
class Stream {
public:
    using milliseconds = std::chrono::milliseconds;
    static constexpr milliseconds no_limit = milliseconds::max();

    /// `dependency` is the name that errors carry: "nats", "redis", "smtp".
    Stream(const asio::any_io_executor& executor, std::string dependency);
    ~Stream();
    Stream(Stream&&) noexcept;
    Stream& operator=(Stream&&) noexcept;

    /// Tries the host's addresses in turn. Sets TCP_NODELAY and keep-alive. `timeout` is for all.
    asio::awaitable<void> connect(
        Resolver& resolver, std::string host, std::uint16_t port, milliseconds timeout
    );

    /// Handshake as a client; the certificate must be good for `server_name` (a DNS name or an
    /// address). Requires that nothing the peer sent is waiting unread in the caller's buffers
    /// (response injection: RFC 3207, section 4.2).
    asio::awaitable<void> start_tls(
        TlsContext context, std::string server_name, milliseconds timeout
    );

    /// At least one byte; the end of the stream is Unavailable ("closed by the peer").
    asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, milliseconds timeout);

    /// Reads at least one byte and appends it to `buffer`, at most `most` at a time.
    asio::awaitable<void> read_into(std::string& buffer, std::size_t most, milliseconds timeout);

    /// All of it. The bytes must live until it returns.
    asio::awaitable<void> write(std::string_view bytes, milliseconds timeout);

    /// All of the buffers in one gathered write where the transport can.
    asio::awaitable<void> write(std::vector<asio::const_buffer> buffers, milliseconds timeout);

    /// What the connection takes of `pieces` without waiting: one gathered write where there is
    /// room. Nothing where the peer takes no more: what it had sent can still be read, and reading
    /// says why it ended. Under TLS 0: it is encrypted in larger records by write_on(). Requires
    /// that no write is under way.
    std::optional<std::size_t> write_now(const std::vector<std::string_view>& pieces);

    /// As write(), but where the peer takes no more it is false and the stream stays open to be
    /// read.
    asio::awaitable<bool> write_on(std::string_view bytes, milliseconds timeout);

    /// At once, without waiting; what is under way throws Unavailable("closed by us").
    void close() noexcept;

    bool open() const;
    bool encrypted() const;
    const std::string& peer() const;  ///< host:port as given to connect().

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace chatear::net
