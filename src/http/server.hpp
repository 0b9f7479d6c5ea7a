#pragma once

#include "base/values.hpp"
#include "http/request_reader.hpp"
#include "http/router.hpp"
#include "net/listener.hpp"
#include "net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>

namespace chatear::http {

struct ServerOptions {
    RequestLimits limits;
    /// One more takes the place of that which has asked for nothing the longest, else of that whose
    /// request has been arriving the longest; where all are being answered, it is closed.
    std::size_t max_connections = 256;
    std::chrono::milliseconds request_time{10000};  ///< From a request's first byte to its last.
    std::chrono::milliseconds idle_time{30000};     ///< Between requests, and before the first.
    std::chrono::milliseconds write_time{10000};    ///< For the client to take a response.
    std::chrono::milliseconds stop_time{5000};      ///< What requests under way get at stop().
};

class Session;

/// Serves a Router on one address: plain HTTP/1.1 with keep-alive, meant for a private network or
/// behind a proxy that speaks TLS.
class Server {
public:
    /// Binds and listens. Throws std::runtime_error naming the address and the reason.
    Server(
        const asio::any_io_executor& executor,
        const ListenAddress& address,
        Router router,
        ServerOptions options
    );
    ~Server();

    void start();

    /// Accepts no more, lets the requests under way end, closes.
    asio::awaitable<void> stop();

    std::uint16_t port() const;
    std::size_t connections() const { return sessions_.size(); }

private:
    asio::awaitable<void> accept_all();
    asio::awaitable<void> serve(std::shared_ptr<Session> session);
    bool make_room();

    Router router_;
    ServerOptions options_;
    net::Listener listener_;
    std::list<std::shared_ptr<Session>> sessions_;
    net::TaskGroup session_tasks_;
    net::TaskGroup accept_task_;
};

}  // namespace chatear::http
