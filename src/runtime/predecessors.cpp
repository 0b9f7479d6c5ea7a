#include "runtime/predecessors.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace chatear::runtime {
namespace {

void report(const LeftFlight& left) {
    if (!left.log) {
        log::warn(
            "the flight recorder of a dead process cannot be used: its claims are in doubt",
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

Predecessors::Predecessors(const InstanceFile& file, std::string own_instance)
    : base_(file.base()), own_instance_(std::move(own_instance)) {
    if (file.predecessor()) {
        instances_.insert(*file.predecessor());
    }
}

/// Not sooner: the kernel lets go of a dead process's files one after the other.
void Predecessors::look() {
    if (std::exchange(looked_, true)) {
        return;
    }
    add_flights(base_);
    if (!worker_.empty()) {
        adopt_orphans();
    }
}

void Predecessors::adopt_orphans() {
    const std::filesystem::path own(base_);
    const auto bases = find_bases(own.parent_path().string());
    if (!bases) {
        return;
    }
    const std::string kind = worker_ + "-";
    for (const std::string& base : *bases) {
        const std::string name = std::filesystem::path(base).filename().string();
        const bool of_this_kind =
            name.starts_with(kind) &&
            name.find_first_not_of("0123456789", kind.size()) == std::string::npos;
        if (!of_this_kind || name == own.filename() ||
            find_left_flights(base, own_instance_).empty()) {
            continue;
        }
        auto file = InstanceFile::take_left(base, own_instance_);
        if (file && *file) {
            add_flights(base);
            if ((*file)->predecessor()) {
                instances_.insert(*(*file)->predecessor());
            }
            adopted_.push_back(std::move(**file));
        }
    }
}

void Predecessors::add_flights(const std::string& base) {
    remove_unbegun_flights(base);
    for (LeftFlight& left : find_left_flights(base, own_instance_)) {
        if (left.living) {
            log::warn(
                "a flight recorder in our place is held by a process that lives; it is let be",
                {{"file", left.path}}
            );
            continue;
        }
        report(left);
        if (left.log) {
            instances_.insert(left.log->instance);
        }
        flights_.push_back(std::move(left));
    }
}

/// What a ledger refuses to hold must not keep the others from being told, nor the lease alive.
/// Whether it was told.
asio::awaitable<bool> Predecessors::tell(Ledger& ledger, const LeftFlight& left) {
    try {
        FlightLog log = *left.log;
        co_await ledger.speak_for(std::move(log));
        co_return true;
    } catch (const Unavailable&) {
        throw;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        log::error(
            "a ledger cannot hold what a flight recorder says; the file stays, as .refused",
            {{"file", left.path}, {"reason", error.what()}}
        );
    }
    co_return false;
}

asio::awaitable<bool> Predecessors::tell_all(
    const std::vector<Ledger*>& ledgers, const LeftFlight& left
) {
    bool told = true;
    if (!left.log) {
        co_return told;
    }
    for (Ledger* const ledger : ledgers) {
        const bool this_one = co_await tell(*ledger, left);
        told = told && this_one;
    }
    co_return told;
}

asio::awaitable<std::size_t> Predecessors::settle(
    std::vector<Ledger*> ledgers, Registry& registry
) {
    look();
    std::vector<bool> told;
    for (const LeftFlight& left : flights_) {
        const bool one = co_await tell_all(ledgers, left);
        told.push_back(one);
    }
    if (!instances_.empty()) {
        std::vector<std::string> dead(instances_.begin(), instances_.end());
        co_await registry.declare_dead(std::move(dead));
    }
    for (std::size_t n = 0; n < flights_.size(); ++n) {
        const std::string& path = flights_[n].path;
        if (told[n]) {
            ::unlink(path.c_str());
        } else {
            (void)!std::rename(path.c_str(), (path + ".refused").c_str());
        }
    }
    for (InstanceFile& file : adopted_) {
        file.ended();
    }
    const auto refused = std::count(told.begin(), told.end(), false);
    instances_.clear();
    flights_.clear();
    adopted_.clear();
    co_return static_cast<std::size_t>(refused);
}

}  // namespace chatear::runtime
