// Clients that are slow, ask for nothing, or are too many.
#include "server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::http {
namespace {

using testing::EndsWith;
using testing::StartsWith;

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

TEST_F(HttpServer, DoesNotWaitForAClientThatDoesNotRead) {
    ServerOptions options;
    options.write_time = milliseconds(50);
    start(options);
    const auto body = [&]() -> asio::awaitable<void> {
        net::Stream stream = co_await connect();
        const std::string request = "GET /large HTTP/1.1\r\nHost: a.test\r\n\r\n";
        co_await stream.write(request, limit);
        while (server_->connections() == 0) {
            co_await net::sleep_for(milliseconds(1));
        }
        for (int waits = 0; server_->connections() > 0 && waits < 500; ++waits) {
            co_await net::sleep_for(milliseconds(10));
        }
        EXPECT_EQ(server_->connections(), 0U);
    };
    run(body);
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

}  // namespace
}  // namespace chatear::http
