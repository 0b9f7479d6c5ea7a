#include "runtime/health.hpp"

#include "base/utc.hpp"

#include <boost/json.hpp>

#include <memory>
#include <utility>

namespace chatear::runtime {
namespace {

asio::awaitable<http::Response> give(http::Response response) {
    co_return response;
}

}  // namespace

Health::Health(const Clock& clock, ReadDependencies read) : clock_(clock), read_(std::move(read)) {}

http::Response Health::healthz() const {
    http::Response response;
    response.body = "ok\n";
    return response;
}

http::Response Health::readyz() {
    bool ready = true;
    boost::json::array dependencies;
    for (const DependencyState& dependency : read_()) {
        const auto [entry, first] = seen_.try_emplace(dependency.name);
        Seen& seen = entry->second;
        if (first || seen.available != dependency.available) {
            seen = {dependency.available, clock_.now()};
        }
        boost::json::object told;
        told["name"] = dependency.name;
        told["state"] = dependency.available ? "ok" : "waiting";
        if (!dependency.available) {
            told["why"] = dependency.why;
        }
        told["since"] = format_time(seen.since);
        dependencies.push_back(std::move(told));
        ready = ready && dependency.available;
    }
    boost::json::object body;
    body["ready"] = ready;
    body["dependencies"] = std::move(dependencies);
    http::Response response;
    response.status = ready ? 200 : 503;
    response.content_type = "application/json";
    response.body = boost::json::serialize(body) + "\n";
    return response;
}

void add_health_routes(
    http::Router& router,
    const Clock& clock,
    Health::ReadDependencies read,
    std::function<std::string()> metrics_text
) {
    const auto health = std::make_shared<Health>(clock, std::move(read));
    router.add("GET", "/healthz", [health](http::Request) { return give(health->healthz()); });
    router.add("GET", "/readyz", [health](http::Request) { return give(health->readyz()); });
    router.add("GET", "/metrics", [text = std::move(metrics_text)](http::Request) {
        http::Response response;
        response.content_type = "text/plain; version=0.0.4; charset=utf-8";
        response.body = text();
        return give(std::move(response));
    });
}

}  // namespace chatear::runtime
