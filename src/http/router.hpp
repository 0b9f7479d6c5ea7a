#pragma once

#include "http/request.hpp"
#include "http/response.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::http {

namespace asio = boost::asio;

/// Answers one request. What it throws is logged and answered with 500 (503 for Unavailable).
using Handler = std::function<asio::awaitable<Response>(Request)>;

/// Which handler answers which method and path. Give the server a filled one.
class Router {
public:
    /// `pattern` is a path whose segments may be `{name}`: "/dead-letters/{id}". A GET route also
    /// answers HEAD. The first route that fits is taken.
    void add(std::string method, std::string pattern, Handler handler);

    /// What fits a request: a handler with the parameters of its pattern, or the reason there is
    /// none: 404, or 405 with the methods that would do.
    struct Match {
        const Handler* handler = nullptr;
        std::string pattern;  ///< For logs: a path may hold a token.
        Parameters parameters;
        std::vector<std::string> allowed;  ///< Methods of the routes that fit the path alone.
    };
    Match match(std::string_view method, std::string_view path) const;

    /// The handler's answer, or the one for there being none.
    asio::awaitable<Response> answer(Request request) const;

private:
    struct Route {
        std::string method;
        std::string pattern;
        std::vector<std::string> segments;
        Handler handler;
    };
    std::vector<Route> routes_;
};

}  // namespace chatear::http
