#include "http/router.hpp"

#include "base/error.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace chatear::http {
namespace {

asio::awaitable<Response> echo(Request request) {
    Response response;
    response.body = request.method + " " + request.path;
    for (const auto& [name, value] : request.parameters) {
        response.body += " " + name + "=" + value;
    }
    co_return response;
}

asio::awaitable<Response> unavailable(Request) {
    throw Unavailable("postgres", "db.test:5432", "refused");
    co_return Response();
}

asio::awaitable<Response> fail(Request) {
    throw std::runtime_error("a secret detail");
    co_return Response();
}

Router router() {
    Router made;
    made.add("GET", "/", echo);
    made.add("GET", "/letters/all", echo);
    made.add("GET", "/letters/{id}", echo);
    made.add("POST", "/letters/{id}/replay", echo);
    made.add("DELETE", "/letters/{id}", echo);
    made.add("GET", "/down", unavailable);
    made.add("GET", "/bug", fail);
    return made;
}

Response answer(const std::string& method, const std::string& path) {
    const Router asked = router();
    Response response;
    const auto body = [&]() -> asio::awaitable<void> {
        Request request;
        request.method = method;
        request.path = path;
        response = co_await asked.answer(std::move(request));
    };
    asio::io_context context;
    test::run_coroutine(context, body);
    return response;
}

TEST(Router, FindsTheHandlerByMethodAndPath) {
    EXPECT_EQ(answer("GET", "/").body, "GET /");
    EXPECT_EQ(answer("GET", "/letters/all").body, "GET /letters/all");
    EXPECT_EQ(answer("GET", "/letters/7").body, "GET /letters/7 id=7");
    EXPECT_EQ(answer("POST", "/letters/7/replay").body, "POST /letters/7/replay id=7");
}

TEST(Router, AnswersHeadWhereItAnswersGet) {
    EXPECT_EQ(answer("HEAD", "/").status, 200U);
}

TEST(Router, AnswersUnknownPathsWith404) {
    for (const std::string path :
         {"/nothing", "/letters", "/letters/7/", "/letters/7/replay/now", "//"}) {
        EXPECT_EQ(answer("GET", path).status, 404U) << path;
    }
}

TEST(Router, AnswersUnknownMethodsWith405AndWhatIsAllowed) {
    const Response response = answer("PUT", "/letters/7");
    EXPECT_EQ(response.status, 405U);
    EXPECT_EQ(find_header(response.headers, "Allow"), "GET, HEAD, DELETE");
}

TEST(Router, AnswersAnOutageWith503AndABugWith500WithoutDetails) {
    EXPECT_EQ(answer("GET", "/down").status, 503U);
    EXPECT_EQ(answer("GET", "/bug").status, 500U);
    EXPECT_EQ(answer("GET", "/bug").body.find("secret"), std::string::npos);
    EXPECT_EQ(answer("GET", "/down").body.find("db.test"), std::string::npos);
}

}  // namespace
}  // namespace chatear::http
