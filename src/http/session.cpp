#include "http/session.hpp"

#include "net/deadline.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <utility>

namespace chatear::http {
namespace {

std::string peer_of(const asio::ip::tcp::socket& socket) {
    boost::system::error_code gone;
    const asio::ip::tcp::endpoint endpoint = socket.remote_endpoint(gone);
    return gone ? std::string() : endpoint.address().to_string();
}

}  // namespace

Session::Session(asio::ip::tcp::socket socket, const Router& router, const ServerOptions& options)
    : socket_(std::move(socket)),
      router_(router),
      options_(options),
      reader_(options.limits),
      peer_(peer_of(socket_)) {}

asio::awaitable<void> Session::run() {
    bool more = true;
    while (more) {
        std::optional<Request> request = co_await receive();
        if (!request) {
            break;
        }
        request->peer = peer_;
        const bool head = request->method == "HEAD";
        const bool keep_alive = request->keep_alive;
        enter(Phase::answering);
        const Response response = co_await router_.answer(std::move(*request));
        more = keep_alive && !finishing_;
        std::string bytes = encode(response, head, more);
        const bool written = co_await write(std::move(bytes));
        more = more && written;
    }
    enter(Phase::receiving);
    if (const std::optional<BadRequest> bad = reader_.error()) {
        std::string bytes = encode(status_response(bad->status, bad->why), false, false);
        (void)co_await write(std::move(bytes));
    }
    co_await linger();
    close();
}

asio::awaitable<std::optional<Request>> Session::receive() {
    std::array<char, 8192> bytes{};
    std::optional<net::Deadline> deadline;
    deadline.emplace(socket_.get_executor(), options_.idle_time, [this] { close(); });
    enter(Phase::idle);
    while (true) {
        std::optional<Request> request = reader_.next();
        if (request || reader_.error()) {
            enter(Phase::receiving);
            co_return request;
        }
        if (phase_ == Phase::idle && !reader_.idle()) {
            enter(Phase::receiving);
            deadline.emplace(socket_.get_executor(), options_.request_time, [this] { close(); });
        }
        if (phase_ == Phase::idle && finishing_) {
            co_return std::nullopt;
        }
        if (reader_.take_expectation()) {
            std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
            (void)co_await write(std::move(go_on));
        }
        boost::system::error_code error;
        const std::size_t count = co_await socket_.async_read_some(
            asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error)
        );
        if (error) {
            co_return std::nullopt;
        }
        reader_.feed(std::string_view(bytes.data(), count));
    }
}

asio::awaitable<bool> Session::write(std::string bytes) {
    const net::Deadline deadline(socket_.get_executor(), options_.write_time, [this] { close(); });
    boost::system::error_code error;
    co_await asio::async_write(
        socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error)
    );
    co_return !error;
}

asio::awaitable<void> Session::linger() {
    constexpr std::chrono::milliseconds most_time{1000};
    constexpr std::size_t most_bytes = std::size_t{1024} * 1024;
    boost::system::error_code error;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    const net::Deadline deadline(socket_.get_executor(), most_time, [this] { close(); });
    std::array<char, 8192> bytes{};
    std::size_t read = 0;
    while (!error && read < most_bytes && !finishing_) {
        const std::size_t count = co_await socket_.async_read_some(
            asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error)
        );
        read += count;
    }
}

void Session::finish() {
    finishing_ = true;
    if (phase_ == Phase::idle) {
        close();
    }
}

void Session::drop() {
    finishing_ = true;
    close();
}

void Session::enter(Phase phase) {
    phase_ = phase;
    since_ = net::now();
}

void Session::close() noexcept {
    boost::system::error_code ignored;
    socket_.close(ignored);
}

}  // namespace chatear::http
