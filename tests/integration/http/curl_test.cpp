// The server asked by curl, a client that is not ours.
#include "http/server.hpp"
#include "net/notification.hpp"
#include "support/coroutine.hpp"
#include "support/process.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace chatear::http {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

asio::awaitable<Response> echo(Request request) {
    const Result<Parameters> form = parse_form(request.body);
    Response response;
    response.content_type = "text/html; charset=utf-8";
    response.body = request.method + " " + request.path + " " + request.query["token"];
    if (form) {
        for (const auto& [name, value] : *form) {
            response.body += " " + name + "=" + value.substr(0, 20);
        }
    }
    co_return response;
}

/// The server in a thread of its own while curl, which blocks, runs in the test's.
class Curl : public testing::Test {
protected:
    void SetUp() override {
        if (!test::find_program({"curl"})) {
            GTEST_SKIP() << "curl is not installed";
        }
        Router router;
        router.add("GET", "/page", echo);
        router.add("POST", "/page", echo);
        const ListenAddress address = {.host = "127.0.0.1", .port = 0};
        ServerOptions options;
        options.limits.body_bytes = std::size_t{1024} * 1024;
        server_ =
            std::make_unique<Server>(context_.get_executor(), address, std::move(router), options);
        port_ = server_->port();
        server_->start();
        thread_ = std::thread([this] { context_.run(); });
    }

    void TearDown() override {
        if (!thread_.joinable()) {
            return;
        }
        context_.stop();
        thread_.join();
        const auto body = [this]() -> asio::awaitable<void> { co_await server_->stop(); };
        test::run_coroutine(context_, body);
    }

    std::string curl(std::vector<std::string> arguments, const std::string& target) {
        arguments.insert(
            arguments.begin(), {"curl", "--silent", "--show-error", "--max-time", "20"}
        );
        arguments.push_back("http://127.0.0.1:" + std::to_string(port_) + target);
        return test::run({.arguments = arguments}).output;
    }

    asio::io_context context_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

TEST_F(Curl, GetsAPageWithItsQuery) {
    EXPECT_EQ(curl({}, "/page?token=a%2Bb"), "GET /page a+b");
}

TEST_F(Curl, PostsAForm) {
    EXPECT_EQ(curl({"--data-urlencode", "name=Ann & Bob"}, "/page"), "POST /page  name=Ann & Bob");
}

TEST_F(Curl, PostsABodyThatItAsksLeaveFor) {
    const std::string body = "big=" + std::string(300000, 'x');
    test::TemporaryFolder folder("curl");
    test::write_file(folder / "body", body);
    const std::string output =
        curl({"--header", "Expect: 100-continue", "--data", "@" + (folder / "body")}, "/page");
    EXPECT_EQ(output, "POST /page  big=xxxxxxxxxxxxxxxxxxxx");
}

TEST_F(Curl, PostsInChunks) {
    const std::string output =
        curl({"--header", "Transfer-Encoding: chunked", "--data", "a=1"}, "/page");
    EXPECT_EQ(output, "POST /page  a=1");
}

TEST_F(Curl, AsksForTheHeadAlone) {
    const std::string output = curl({"--head"}, "/page");
    EXPECT_THAT(output, StartsWith("HTTP/1.1 200 OK"));
    EXPECT_THAT(output, HasSubstr("Content-Length: 11"));
}

TEST_F(Curl, SeesTheStatusOfABodyThatIsTooLarge) {
    test::TemporaryFolder folder("curl");
    test::write_file(folder / "body", std::string(8 * 1024 * 1024, 'x'));
    const std::string output = curl(
        {"--header",
         "Expect:",
         "--write-out",
         "%{http_code}",
         "--data-binary",
         "@" + (folder / "body")},
        "/page"
    );
    EXPECT_THAT(output, HasSubstr("413"));
}

}  // namespace
}  // namespace chatear::http
