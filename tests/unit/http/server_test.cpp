#include "http/server.hpp"

#include "net/notification.hpp"
#include "net/stream.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace chatear::http {
namespace {

using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

constexpr milliseconds limit{5000};
const std::string get = "GET /hello HTTP/1.1\r\nHost: a.test\r\n\r\n";

const std::string get_gate = "GET /gate HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

asio::awaitable<Response> hello(Request request) {
    Response response;
    response.body = "hello " + request.peer + request.body;
    co_return response;
}

asio::awaitable<Response> slow(Request) {
    co_await net::sleep_for(milliseconds(100));
    Response response;
    response.body = "at last";
    co_return response;
}

asio::awaitable<Response> endless(Request) {
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

const std::string get_and_close =
    "GET /hello HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";

TEST_F(HttpServer, AnswersAndTellsTheHandlerWhoAsks) {
    start({});
    const std::string bytes = answer(get_and_close);
    EXPECT_THAT(bytes, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_THAT(bytes, EndsWith("\r\n\r\nhello 127.0.0.1"));
}

TEST_F(HttpServer, AnswersSeveralRequestsOnOneConnection) {
    start({});
    const std::string bytes = answer(get + get + get_and_close);
    std::size_t count = 0;
    for (std::size_t at = 0; (at = bytes.find("HTTP/1.1 200 OK", at)) != std::string::npos; ++at) {
        ++count;
    }
    EXPECT_EQ(count, 3U);
}

TEST_F(HttpServer, AnswersHeadWithoutABody) {
    start({});
    EXPECT_THAT(
        answer("HEAD /hello HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
        EndsWith("\r\n\r\n")
    );
}

TEST_F(HttpServer, AsksForABodyThatTheClientHoldsBack) {
    start({});
    std::string bytes;
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream stream = co_await connect();
        const std::string header =
            "POST /hello HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nExpect: "
            "100-continue\r\nContent-Length: 3\r\n\r\n";
        co_await stream.write(header, limit);
        const std::string go_on = co_await read_until(stream, "100 Continue\r\n\r\n");
        const std::string content = "abc";
        co_await stream.write(content, limit);
        bytes = co_await read_all(stream);
    };
    run(body);
    EXPECT_THAT(bytes, EndsWith("127.0.0.1abc"));
}

TEST_F(HttpServer, SaysWhatIsWrongWithARequestAndClosesInOrder) {
    ServerOptions options;
    options.limits = {.header_bytes = 512, .body_bytes = 1000};
    const std::string post =
        "POST /hello HTTP/1.1\r\nHost: a.test\r\nContent-Length: 500000\r\n\r\n";
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"rubbish\r\n\r\n", "400"},
        {"GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", "404"},
        {"PUT /hello HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n", "405"},
        {post + std::string(500000, 'x'), "413"},
        {"GET /hello HTTP/1.1\r\nHost: a.test\r\nX: " + std::string(500000, 'x') + "\r\n\r\n",
         "431"},
    };
    for (const auto& [sent, status] : cases) {
        start(options);
        const std::string bytes = answer(sent);
        EXPECT_THAT(bytes, StartsWith("HTTP/1.1 " + status + " "));
        EXPECT_THAT(bytes, testing::Not(HasSubstr("(reset)"))) << status;
    }
}

TEST_F(HttpServer, ClosesOnAClientThatIsTooSlow) {
    ServerOptions options;
    options.idle_time = milliseconds(50);
    options.request_time = milliseconds(50);
    for (const std::string beginning :
         {"",
          "GET /hello HTTP/1.1\r\nHost: a",
          "POST /hello HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\n"}) {
        start(options);
        EXPECT_EQ(answer(beginning), "") << beginning;
    }
}

TEST_F(HttpServer, GivesARequestItsTimeOnceHoweverManyPiecesItComesIn) {
    ServerOptions options;
    options.request_time = milliseconds(100);
    start(options);
    bool closed = false;
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream stream = co_await connect();
        try {
            for (int piece = 0; piece < 200; ++piece) {
                const std::string byte = piece == 0 ? "GET /hello HTTP/1.1\r\nX: " : "x";
                co_await stream.write(byte, limit);
                co_await net::sleep_for(milliseconds(10));
            }
        } catch (const Unavailable&) {
            closed = true;
        }
    };
    run(body);
    EXPECT_TRUE(closed);
}

TEST_F(HttpServer, ClosesConnectionsBeyondItsBoundWhereAllAskForSomething) {
    ServerOptions options;
    options.max_connections = 2;
    start(options);
    std::string third;
    std::string fourth;
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream first = co_await connect();
        net::Stream second = co_await connect();
        co_await first.write(get_gate, limit);
        co_await second.write(get_gate, limit);
        co_await gate_.until_waiting(2);
        net::Stream surplus = co_await connect();
        third = co_await read_all(surplus);
        gate_.opened.notify_all();
        const std::string answered = co_await read_all(first);
        EXPECT_THAT(answered, EndsWith("at last"));
        first.close();
        second.close();
        while (server_->connections() > 0) {
            co_await net::sleep_for(milliseconds(1));
        }
        net::Stream next = co_await connect();
        co_await next.write(get_and_close, limit);
        fourth = co_await read_all(next);
    };
    run(body);
    EXPECT_EQ(third, "");
    EXPECT_THAT(fourth, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, ConnectionsThatAskForNothingShutNobodyOut) {
    ServerOptions options;
    options.max_connections = 3;
    start(options);
    std::string silent_one;
    std::string latest;
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream busy = co_await connect();
        co_await busy.write(get_gate, limit);
        co_await gate_.until_waiting(1);
        net::Stream silent = co_await connect();
        net::Stream served = co_await connect();
        co_await served.write(get, limit);
        const std::string first = co_await read_until(served, "127.0.0.1");
        net::Stream next = co_await connect();
        co_await next.write(get_and_close, limit);
        latest = co_await read_all(next);
        silent_one = co_await read_all(silent);
        co_await served.write(get, limit);
        const std::string again = co_await read_until(served, "127.0.0.1");
        EXPECT_THAT(again, StartsWith("HTTP/1.1 200")) << "the oldest is closed first";
        gate_.opened.notify_all();
        const std::string answered = co_await read_all(busy);
        EXPECT_THAT(answered, EndsWith("at last"));
    };
    run(body);
    EXPECT_EQ(silent_one, "");
    EXPECT_THAT(latest, StartsWith("HTTP/1.1 200"));
}

TEST_F(HttpServer, ClientsThatTakeTheirTimeToAskShutNobodyOut) {
    ServerOptions options;
    options.max_connections = 3;
    options.request_time = std::chrono::minutes(1);
    start(options);
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream busy = co_await connect();
        co_await busy.write(get_gate, limit);
        co_await gate_.until_waiting(1);
        net::Stream slowest = co_await connect();
        const std::string beginning = "POST /hello HTTP/1.1\r\nHost: a.test\r\n";
        co_await slowest.write(beginning, limit);
        co_await net::sleep_for(milliseconds(20));
        net::Stream slow = co_await connect();
        co_await slow.write(beginning, limit);
        co_await net::sleep_for(milliseconds(20));
        net::Stream next = co_await connect();
        co_await next.write(get_and_close, limit);
        const std::string latest = co_await read_all(next);
        EXPECT_THAT(latest, StartsWith("HTTP/1.1 200"));
        const std::string dropped = co_await read_all(slowest);
        EXPECT_EQ(dropped, "") << "the one that has taken the longest goes";
        const std::string rest = "Connection: close\r\nContent-Length: 3\r\n\r\nabc";
        co_await slow.write(rest, limit);
        const std::string posted = co_await read_all(slow);
        EXPECT_THAT(posted, EndsWith("127.0.0.1abc"));
        gate_.opened.notify_all();
        const std::string answered = co_await read_all(busy);
        EXPECT_THAT(answered, EndsWith("at last"));
    };
    run(body);
}

TEST_F(HttpServer, StopLetsARequestUnderWayEndAndClosesIdleConnections) {
    start({});
    std::string answered;
    std::string idle;
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream busy = co_await connect();
        net::Stream waiting = co_await connect();
        const std::string request = "GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n";
        co_await busy.write(request, limit);
        while (server_->connections() < 2) {
            co_await net::sleep_for(milliseconds(2));
        }
        co_await net::sleep_for(milliseconds(20));
        co_await server_->stop();
        answered = co_await read_all(busy);
        idle = co_await read_all(waiting);
    };
    run(body);
    EXPECT_THAT(answered, EndsWith("at last"));
    EXPECT_THAT(answered, HasSubstr("Connection: close"));
    EXPECT_EQ(idle, "");
}

TEST_F(HttpServer, StopDoesNotWaitForEverForAHandler) {
    ServerOptions options;
    options.stop_time = milliseconds(50);
    start(options);
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream stream = co_await connect();
        const std::string request = "GET /endless HTTP/1.1\r\nHost: a.test\r\n\r\n";
        co_await stream.write(request, limit);
        while (server_->connections() < 1) {
            co_await net::sleep_for(milliseconds(2));
        }
        co_await net::sleep_for(milliseconds(20));
        co_await server_->stop();
    };
    run(body);
}

TEST_F(HttpServer, SurvivesAClientThatLeavesAtAnyByte) {
    start({});
    const auto body = [&]() -> asio::awaitable<void> {
        for (std::size_t size = 0; size <= get.size(); ++size) {
            net::Stream stream = co_await connect();
            const std::string part = get.substr(0, size);
            co_await stream.write(part, limit);
            stream.close();
        }
    };
    run(body);
}

}  // namespace
}  // namespace chatear::http
