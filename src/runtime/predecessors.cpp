#include "runtime/predecessors.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace chatear::runtime {
namespace {

void report(const LeftFlight& left) {
    if (!left.log) {
        log::warn(
            "the flight recorder of a process that died cannot be used; its claims are taken over "
            "as "
            "in doubt",
            {{"file", left.path}, {"reason", left.log.error().message}}
        );
        return;
    }
    const auto& flights = left.log->flights;
    const auto accepted = std::count_if(flights.begin(), flights.end(), [](const Flight& flight) {
        return flight.accepted;
    });
    log::info(
        "a process died here; its flight recorder tells of its contents",
        {{"instance", left.log->instance},
         {"accepted", static_cast<std::int64_t>(accepted)},
         {"in_doubt", static_cast<std::int64_t>(flights.size()) - accepted},
         {"complete", left.log->complete}}
    );
}

}  // namespace

Predecessors Predecessors::of(const InstanceFile& file, const std::string& own_instance) {
    Predecessors found;
    if (file.predecessor()) {
        found.instances_.insert(*file.predecessor());
    }
    found.flights_ = find_left_flights(file.base(), own_instance);
    for (const LeftFlight& left : found.flights_) {
        report(left);
        if (left.log) {
            found.instances_.insert(left.log->instance);
        }
    }
    return found;
}

/// What a ledger refuses to hold must not keep the others from being told, nor the lease alive.
asio::awaitable<void> Predecessors::tell(Ledger& ledger, const LeftFlight& left) {
    try {
        FlightLog log = *left.log;
        co_await ledger.speak_for(std::move(log));
    } catch (const Unavailable&) {
        throw;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        log::error(
            "a ledger cannot hold what a flight recorder says",
            {{"file", left.path}, {"reason", error.what()}}
        );
    }
}

asio::awaitable<void> Predecessors::settle(std::vector<Ledger*> ledgers, Registry& registry) {
    for (const LeftFlight& left : flights_) {
        for (Ledger* const ledger : ledgers) {
            if (left.log) {
                co_await tell(*ledger, left);
            }
        }
    }
    if (!instances_.empty()) {
        std::vector<std::string> dead(instances_.begin(), instances_.end());
        co_await registry.declare_dead(std::move(dead));
    }
    for (const LeftFlight& left : flights_) {
        ::unlink(left.path.c_str());
    }
    instances_.clear();
    flights_.clear();
}

}  // namespace chatear::runtime
