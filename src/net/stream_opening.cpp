// How a stream comes to be: connecting, and the TLS handshake.
#include "base/assert.hpp"
#include "base/error.hpp"
#include "net/moment.hpp"
#include "net/stream_state.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::net {
namespace {

using asio::ip::tcp;

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

asio::awaitable<boost::system::error_code> Stream::State::try_address(
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
    state->socket.non_blocking(true, error);  // For write_now().
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
    state->tls = std::make_unique<State::TlsStream>(state->socket, *state->context);
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

}  // namespace chatear::net
