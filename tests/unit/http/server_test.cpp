#include "server_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

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
