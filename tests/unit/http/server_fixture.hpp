// A server, and clients that see all of its bytes.
#pragma once

#include "base/error.hpp"
#include "http/server.hpp"
#include "net/notification.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace chatear::http {

using std::chrono::milliseconds;

inline constexpr milliseconds limit{5000};
inline const std::string get = "GET /hello HTTP/1.1\r\nHost: a.test\r\n\r\n";

inline const std::string get_gate =
    "GET /gate HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

inline asio::awaitable<Response> hello(Request request) {
    Response response;
    response.body = "hello " + request.peer + request.body;
    co_return response;
}

inline asio::awaitable<Response> slow(Request) {
    co_await net::sleep_for(milliseconds(100));
    Response response;
    response.body = "at last";
    co_return response;
}

// More than the kernel takes for a client that does not read.
inline asio::awaitable<Response> large(Request) {
    Response response;
    response.body.assign(std::size_t{64} * 1024 * 1024, 'x');
    co_return response;
}

inline asio::awaitable<Response> endless(Request) {
    co_await net::sleep_for(std::chrono::hours(1));
    co_return Response();
}

/// Answers when the test says so.
struct Gate {
    explicit Gate(const asio::any_io_executor& executor) : opened(executor) {}

    asio::awaitable<Response> pass(Request) {
        ++waiting;
        co_await opened.wait();
        --waiting;
        Response response;
        response.body = "at last";
        co_return response;
    }

    asio::awaitable<void> until_waiting(int count) {
        while (waiting < count) {
            co_await net::sleep_for(milliseconds(1));
        }
    }

    net::Notification opened;
    int waiting = 0;
};

/// A server, and clients that see all of its bytes.
class HttpServer : public testing::Test {
protected:
    void start(const ServerOptions& options) {
        Router router;
        router.add("GET", "/hello", hello);
        router.add("POST", "/hello", hello);
        router.add("GET", "/slow", slow);
        router.add("GET", "/large", large);
        router.add("GET", "/endless", endless);
        router.add("GET", "/gate", [this](Request request) {
            return gate_.pass(std::move(request));
        });
        const ListenAddress address = {.host = "127.0.0.1", .port = 0};
        server_ =
            std::make_unique<Server>(context_.get_executor(), address, std::move(router), options);
        server_->start();
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await body();
            co_await server_->stop();
        };
        test::run_coroutine(context_, whole);
        EXPECT_EQ(server_->connections(), 0U);
    }

    asio::awaitable<net::Stream> connect() {
        net::Stream stream(context_.get_executor(), "http");
        co_await stream.connect(resolver_, "127.0.0.1", server_->port(), limit);
        co_return stream;
    }

    // Everything up to the end of the connection; "(reset)" where it is not closed in order.
    static asio::awaitable<std::string> read_all(net::Stream& stream) {
        std::string bytes;
        try {
            while (true) {
                co_await stream.read_into(bytes, 4096, limit);
            }
        } catch (const Unavailable& error) {
            if (!error.why().starts_with("closed by the peer")) {
                bytes += "(reset)";
            }
        }
        co_return bytes;
    }

    static asio::awaitable<std::string> read_until(net::Stream& stream, std::string end) {
        std::string bytes;
        while (bytes.find(end) == std::string::npos) {
            co_await stream.read_into(bytes, 4096, limit);
        }
        co_return bytes;
    }

    // What the server answers to `sent` on a connection of its own, until it closes that.
    std::string answer(const std::string& sent) {
        std::string bytes;
        const auto body = [&]() -> asio::awaitable<void> {
            net::Stream stream = co_await connect();
            co_await stream.write(sent, limit);
            bytes = co_await read_all(stream);
        };
        run(body);
        return bytes;
    }

    asio::io_context context_;
    net::Resolver resolver_{context_.get_executor()};
    Gate gate_{context_.get_executor()};
    std::unique_ptr<Server> server_;
};

inline const std::string get_and_close =
    "GET /hello HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

}  // namespace chatear::http
