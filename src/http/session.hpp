#pragma once

#include "http/request_reader.hpp"
#include "http/router.hpp"
#include "http/server.hpp"
#include "net/moment.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace chatear::http {

/// One client's connection to the Server.
class Session {
public:
    /// `router` and `options` must outlive it.
    Session(asio::ip::tcp::socket socket, const Router& router, const ServerOptions& options);

    /// Answers requests until the connection ends. Never throws for what the client does.
    asio::awaitable<void> run();

    /// In the order in which they make room for another client.
    enum class Phase {
        idle,       ///< No request is under way.
        receiving,  ///< One has begun to arrive, or its client is being seen off.
        answering,
    };
    Phase phase() const { return phase_; }
    net::Moment since() const { return since_; }  ///< In that phase.

    /// Ends it behind the request under way; at once when there is none.
    void finish();

    /// Ends it at once; for a client from which nothing whole has come.
    void drop();

private:
    /// The next request; nothing when there will be none, see reader_.error().
    asio::awaitable<std::optional<Request>> receive();

    /// Whether the client took all of it in time.
    asio::awaitable<bool> write(std::string bytes);

    /// Lets the client read the last response before the connection goes: bytes of its own that
    /// nobody reads would make the kernel reset it.
    asio::awaitable<void> linger();

    void enter(Phase phase);
    void close() noexcept;

    asio::ip::tcp::socket socket_;
    const Router& router_;
    const ServerOptions& options_;
    RequestReader reader_;
    std::string peer_;
    Phase phase_ = Phase::idle;
    net::Moment since_ = net::now();
    bool finishing_ = false;
};

}  // namespace chatear::http
