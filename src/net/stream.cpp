#include "net/stream.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "net/deadline.hpp"
#include "net/moment.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace chatear::net {
namespace {

using asio::ip::tcp;
using TlsStream = asio::ssl::stream<tcp::socket&>;

/// What the next of `parts` may take of the time until `end`: an address that swallows packets must
/// not use up the others' time.
std::chrono::milliseconds share_of_time(Moment end, std::size_t parts) {
    if (end == Moment::max()) {
        return Stream::no_limit;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now());
    return std::max(left, std::chrono::milliseconds(0)) / static_cast<std::int64_t>(parts);
}

}  // namespace

/// Shared with the operations under way, so that the owner may close and go at any time.
struct Stream::State {
    State(const asio::any_io_executor& on, std::string name)
        : executor(on), dependency(std::move(name)), socket(on) {}

    asio::any_io_executor executor;
    std::string dependency;
    std::string peer = "(not connected)";
    tcp::socket socket;
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
        tcp::endpoint endpoint, milliseconds limit
    ) {
        boost::system::error_code error;
        socket.close(error);
        std::optional<Deadline> deadline;
        if (limit != no_limit) {
            deadline.emplace(executor, limit, [this] {
                boost::system::error_code ignored;
                socket.close(ignored);
            });
        }
        co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
        timed_out = deadline && deadline->expired();
        if (timed_out) {
            error = asio::error::timed_out;
        } else if (error == asio::error::operation_aborted && is_open) {
            check(error, "connecting");
        }
        co_return error;
    }

    /// Returns when `error` is none; else closes and throws what it means.
    void check(const boost::system::error_code& error, std::string_view doing) {
        if (!error) {
            return;
        }
        const bool was_open = std::exchange(is_open, false);
        close();
        if (error == asio::error::operation_aborted && was_open) {
            throw boost::system::system_error(error);
        }
        std::string why = error.message();
        if (timed_out) {
            why = "no answer in time";
        } else if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) {
            why = "closed by the peer";
        } else if (!was_open) {
            why = "closed by us";
        }
        throw Unavailable(dependency, peer, fmt::format("{} ({})", why, doing));
    }
};

Stream::Stream(const asio::any_io_executor& executor, std::string dependency)
    : state_(std::make_shared<State>(executor, std::move(dependency))) {}

Stream::~Stream() {
    if (state_) {
        state_->close();
    }
}

Stream::Stream(Stream&&) noexcept = default;

Stream& Stream::operator=(Stream&& other) noexcept {
    if (state_ && state_ != other.state_) {
        state_->close();
    }
    state_ = std::move(other.state_);
    return *this;
}

asio::awaitable<void> Stream::connect(
    Resolver& resolver, std::string host, std::uint16_t port, milliseconds timeout
) {
    CHATEAR_ASSERT(!state_->is_open);
    // What still ends of an earlier connection must not touch this one.
    state_ = std::make_shared<State>(state_->executor, state_->dependency);
    const std::shared_ptr<State> state = state_;
    state->peer = host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                                      : fmt::format("[{}]:{}", host, port);
    state->is_open = true;
    const Moment end = timeout == no_limit ? Moment::max() : moment_after(timeout);
    std::vector<tcp::endpoint> endpoints;
    try {
        // Half the time, so that the last good addresses can still be tried.
        const milliseconds half = timeout == no_limit ? no_limit : timeout / 2;
        endpoints = co_await resolver.resolve(state->dependency, host, port, half);
    } catch (...) {
        state->is_open = false;
        throw;
    }
    boost::system::error_code error = asio::error::host_not_found;
    for (std::size_t i = 0; i < endpoints.size() && error && state->is_open; ++i) {
        const milliseconds share = share_of_time(end, endpoints.size() - i);
        error = co_await state->try_address(endpoints[i], share);
    }
    if (!error && !state->is_open) {
        error = asio::error::operation_aborted;  // Closed in the moment of its success.
    }
    state->check(error, "connecting");
    state->socket.set_option(tcp::no_delay(true), error);
    state->socket.set_option(asio::socket_base::keep_alive(true), error);
}

asio::awaitable<void> Stream::start_tls(
    TlsContext context, std::string server_name, milliseconds timeout
) {
    const std::shared_ptr<State> state = state_;
    CHATEAR_ASSERT(!state->tls && context);
    if (!state->is_open) {
        // A time limit of the caller's may end between the last read and this call.
        state->check(asio::error::not_connected, "TLS handshake");
    }
    state->context = std::move(context);
    state->tls = std::make_unique<TlsStream>(state->socket, *state->context);
    boost::system::error_code error;
    asio::ip::make_address(server_name, error);
    if (error) {
        // Server name indication is for names only (RFC 6066, section 3).
        SSL_ctrl(
            state->tls->native_handle(),
            SSL_CTRL_SET_TLSEXT_HOSTNAME,
            TLSEXT_NAMETYPE_host_name,
            server_name.data()
        );
    }
    state->tls->set_verify_callback(asio::ssl::host_name_verification(server_name));
    std::optional<Deadline> deadline;
    state->arm(deadline, timeout);
    co_await state->tls->async_handshake(
        asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error)
    );
    const long verified = SSL_get_verify_result(state->tls->native_handle());
    if (error && verified != X509_V_OK && state->is_open) {
        state->close();
        throw Unavailable(
            state->dependency,
            state->peer,
            fmt::format(
                "its certificate was refused for '{}': {}",
                server_name,
                X509_verify_cert_error_string(verified)
            )
        );
    }
    state->check(error, "TLS handshake");
}

asio::awaitable<std::size_t> Stream::read_some(asio::mutable_buffer buffer, milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    boost::system::error_code error = asio::error::not_connected;
    std::size_t count = 0;
    if (state->is_open) {
        std::optional<Deadline> deadline;
        state->arm(deadline, timeout);
        if (state->tls) {
            count = co_await state->tls->async_read_some(
                buffer, asio::redirect_error(asio::use_awaitable, error)
            );
        } else {
            count = co_await state->socket.async_read_some(
                buffer, asio::redirect_error(asio::use_awaitable, error)
            );
        }
    }
    state->check(error, "reading");
    co_return count;
}

asio::awaitable<void> Stream::read_into(
    std::string& buffer, std::size_t most, milliseconds timeout
) {
    const std::size_t before = buffer.size();
    buffer.resize(before + most);
    std::size_t count = 0;
    try {
        count = co_await read_some(asio::mutable_buffer(buffer.data() + before, most), timeout);
    } catch (...) {
        buffer.resize(before);
        throw;
    }
    buffer.resize(before + count);
}

asio::awaitable<void> Stream::write(std::string_view bytes, milliseconds timeout) {
    std::vector<asio::const_buffer> buffers(1, asio::const_buffer(bytes.data(), bytes.size()));
    co_await write(std::move(buffers), timeout);
}

asio::awaitable<void> Stream::write(std::vector<asio::const_buffer> buffers, milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    boost::system::error_code error = asio::error::not_connected;
    if (state->is_open) {
        std::optional<Deadline> deadline;
        state->arm(deadline, timeout);
        if (state->tls) {
            co_await asio::async_write(
                *state->tls, buffers, asio::redirect_error(asio::use_awaitable, error)
            );
        } else {
            co_await asio::async_write(
                state->socket, buffers, asio::redirect_error(asio::use_awaitable, error)
            );
        }
    }
    state->check(error, "writing");
}

void Stream::close() noexcept {
    state_->close();
}

bool Stream::open() const {
    return state_->is_open;
}

bool Stream::encrypted() const {
    return state_->tls != nullptr;
}

const std::string& Stream::peer() const {
    return state_->peer;
}

}  // namespace chatear::net
