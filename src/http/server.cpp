#include "http/server.hpp"

#include "http/session.hpp"
#include "net/deadline.hpp"

#include <algorithm>
#include <utility>

namespace chatear::http {

Server::Server(
    const asio::any_io_executor& executor,
    const ListenAddress& address,
    Router router,
    ServerOptions options
)
    : router_(std::move(router)),
      options_(options),
      listener_(executor, address),
      session_tasks_(executor),
      accept_task_(executor) {}

Server::~Server() = default;

std::uint16_t Server::port() const {
    return listener_.port();
}

void Server::start() {
    accept_task_.start("http accept", accept_all());
}

asio::awaitable<void> Server::stop() {
    co_await accept_task_.stop();
    listener_.close();
    for (const std::shared_ptr<Session>& session : sessions_) {
        session->finish();
    }
    const net::Deadline deadline(session_tasks_.executor(), options_.stop_time, [this] {
        session_tasks_.request_stop();
    });
    co_await session_tasks_.join();
    sessions_.clear();  // Those that were stopped in a handler did not get to leave by themselves.
}

asio::awaitable<void> Server::accept_all() {
    while (true) {
        asio::ip::tcp::socket socket = co_await listener_.accept();
        if (sessions_.size() >= options_.max_connections && !make_room()) {
            continue;  // The socket closes.
        }
        const auto session = std::make_shared<Session>(std::move(socket), router_, options_);
        sessions_.push_back(session);
        session_tasks_.start("http session", serve(session));
    }
}

/// Connections that are held open and ask for nothing, or take their time to ask, must not shut
/// others out.
bool Server::make_room() {
    const auto goes_before = [](const auto& one, const auto& other) {
        return std::pair(one->phase(), one->since()) < std::pair(other->phase(), other->since());
    };
    const auto first = std::min_element(sessions_.begin(), sessions_.end(), goes_before);
    if (first == sessions_.end() || (*first)->phase() == Session::Phase::answering) {
        return false;
    }
    const std::shared_ptr<Session> session = *first;
    sessions_.erase(first);
    session->drop();
    return true;
}

asio::awaitable<void> Server::serve(std::shared_ptr<Session> session) {
    co_await session->run();
    sessions_.remove(session);
}

}  // namespace chatear::http
