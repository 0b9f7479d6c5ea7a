#pragma once

#include "deletion/execution_guard.hpp"
#include "deletion/intake.hpp"
#include "fault_plan.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace chatear::simulation {

namespace asio = boost::asio;

/// The stream USERS: what is published and not acknowledged yet.
class SimulatedStream {
public:
    void publish(deletion::Request request) { waiting_.push_back(std::move(request)); }

    bool empty() const { return waiting_.empty(); }
    std::size_t size() const { return waiting_.size(); }
    const deletion::Request& at(std::size_t place) const { return waiting_.at(place); }

    /// Keeps it in the archive, from which an older store may come back.
    void acknowledge(const std::string& event_id, std::uint32_t generation) {
        const auto found =
            std::find_if(waiting_.begin(), waiting_.end(), [&](const deletion::Request& request) {
                return request.event_id == event_id && request.generation == generation;
            });
        if (found != waiting_.end()) {
            archive_.push_back(std::move(*found));
            waiting_.erase(found);
        }
    }
    const std::vector<deletion::Request>& archive() const { return archive_; }

    bool has_recovery() const {
        return std::any_of(waiting_.begin(), waiting_.end(), [](const deletion::Request& request) {
            return request.kind == deletion::RequestKind::recovery;
        });
    }

private:
    std::deque<deletion::Request> waiting_;
    std::vector<deletion::Request> archive_;
};

/// Rule 11 over that stream, in the order of the rule. No event becomes a dead letter in it.
class SimulatedGuard final : public deletion::ExecutionGuard {
public:
    SimulatedGuard(const SimulatedStream& stream, deletion::DeletionStore& store, FaultPlan& faults)
        : stream_(stream), store_(store), faults_(faults) {}

    asio::awaitable<std::optional<std::string>> obstacle(deletion::DayState day) override {
        if (day.recovery_in_outbox) {
            co_return "a recovery is in the outbox";
        }
        faults_.before_effect();
        if (stream_.has_recovery()) {
            co_return "a recovery is in the stream";
        }
        const deletion::DayState later = co_await store_.day_state();
        if (later.recovery_in_outbox) {
            co_return "a recovery is in the outbox";
        }
        co_return later.executions_stopped;
    }
    asio::awaitable<void> look_at_dead_letters() override { co_return; }

private:
    const SimulatedStream& stream_;
    deletion::DeletionStore& store_;
    FaultPlan& faults_;
};

}  // namespace chatear::simulation
