#include "http/router.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

namespace chatear::http {
namespace {

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    while (!path.empty()) {
        path.remove_prefix(1);  // The '/'.
        const std::string_view segment = path.substr(0, path.find('/'));
        segments.emplace_back(segment);
        path.remove_prefix(segment.size());
    }
    return segments;
}

bool is_placeholder(std::string_view segment) {
    return segment.starts_with('{') && segment.ends_with('}');
}

// The parameters of a path that has the pattern's form; nothing when it has not.
std::optional<Parameters> parameters_of(
    const std::vector<std::string>& pattern, const std::vector<std::string>& path
) {
    if (pattern.size() != path.size()) {
        return std::nullopt;
    }
    Parameters parameters;
    for (std::size_t at = 0; at < path.size(); ++at) {
        const std::string& segment = pattern[at];
        if (is_placeholder(segment)) {
            parameters[segment.substr(1, segment.size() - 2)] = path[at];
        } else if (segment != path[at]) {
            return std::nullopt;
        }
    }
    return parameters;
}

Response not_allowed(const std::vector<std::string>& allowed) {
    std::string list;
    for (const std::string& method : allowed) {
        list += (list.empty() ? "" : ", ") + method;
    }
    Response response = status_response(405);
    response.headers.push_back({"Allow", list});
    return response;
}

}  // namespace

void Router::add(std::string method, std::string pattern, Handler handler) {
    std::vector<std::string> segments = segments_of(pattern);
    routes_.push_back(
        {std::move(method), std::move(pattern), std::move(segments), std::move(handler)}
    );
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
    const std::vector<std::string> segments = segments_of(path);
    Match match;
    for (const Route& route : routes_) {
        std::optional<Parameters> parameters = parameters_of(route.segments, segments);
        if (!parameters) {
            continue;
        }
        if (route.method == method || (route.method == "GET" && method == "HEAD")) {
            match.handler = &route.handler;
            match.pattern = route.pattern;
            match.parameters = std::move(*parameters);
            return match;
        }
        match.allowed.push_back(route.method);
        if (route.method == "GET") {
            match.allowed.push_back("HEAD");
        }
    }
    return match;
}

asio::awaitable<Response> Router::answer(Request request) const {
    Match match = this->match(request.method, request.path);
    if (match.handler == nullptr) {
        co_return match.allowed.empty() ? status_response(404) : not_allowed(match.allowed);
    }
    request.parameters = std::move(match.parameters);
    try {
        co_return co_await (*match.handler)(std::move(request));
    } catch (const Unavailable& error) {
        log::warn("a page cannot be served", {{"route", match.pattern}, {"reason", error.what()}});
        co_return status_response(
            503, "Something that this page needs is not available. Please try again later."
        );
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        log::error("a page failed", {{"route", match.pattern}, {"error", error.what()}});
        co_return status_response(500);
    }
}

}  // namespace chatear::http
