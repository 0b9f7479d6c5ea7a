#pragma once

#include "base/clock.hpp"
#include "http/router.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Something that the process waits for as long as it is not there.
struct DependencyState {
    std::string name;  ///< "nats", "postgres", "redis", "smtp".
    bool available = false;
    std::string why{};  ///< When it is not; for people.
};

/// Answers what an orchestrator asks of a process.
class Health {
public:
    using ReadDependencies = std::function<std::vector<DependencyState>()>;

    /// `clock` must outlive it.
    Health(const Clock& clock, ReadDependencies read);

    /// 200 as long as this process answers at all. A dependency that is down does not make a
    /// process ill: restarting it would not help.
    http::Response healthz() const;

    /// 200 only when everything is available, else 503. The JSON body says of each dependency
    /// whether it is `ok` or `waiting`, why, and since when that has been so (as often as this was
    /// asked).
    http::Response readyz();

private:
    struct Seen {
        bool available = false;
        Time since{};
    };

    const Clock& clock_;
    ReadDependencies read_;
    std::map<std::string, Seen> seen_;
};

/// GET /healthz, /readyz and /metrics. `metrics_text` gives Prometheus' text format.
void add_health_routes(
    http::Router& router,
    const Clock& clock,
    Health::ReadDependencies read,
    std::function<std::string()> metrics_text
);

}  // namespace chatear::runtime
