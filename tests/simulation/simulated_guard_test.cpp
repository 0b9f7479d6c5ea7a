// The guard of the simulation says of its events what the one over NATS says.
#include "base/utc.hpp"
#include "memory_deletion_store.hpp"
#include "simulated_stream.hpp"
#include "support/conformance/execution_guard_contract.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

namespace chatear::simulation {
namespace {

class SimulatedGuardWorld final : public conformance::GuardWorld {
public:
    SimulatedGuardWorld() { faults_.crashes = false; }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    deletion::ExecutionGuard& guard() override { return guard_; }
    deletion::DeletionStore& store() override { return store_; }

    void publish(const std::string& subject) override {
        deletion::Request event;
        event.kind = subject == "user.recover" ? deletion::RequestKind::recovery
                                               : deletion::RequestKind::deletion;
        event.event_id = fmt::format("e{}", ++published_);
        stream_.publish(event);
    }
    void acknowledge_first() override {
        const deletion::Request first = stream_.at(0);
        stream_.acknowledge(first.event_id, first.generation);
    }
    void set_recovery_in_outbox(bool stands) override {
        database_.outbox.clear();
        if (stands) {
            database_.outbox.emplace_back();
        }
    }

private:
    asio::io_context context_;
    Clocks clocks_{parse_time("2026-11-25T12:00:00Z").value()};
    FaultPlan faults_{0};
    MemoryDatabase database_{clocks_};
    MemoryDeletionStore store_{database_, faults_, [](const Deletion&, const User&) {}};
    SimulatedStream stream_;
    SimulatedGuard guard_{stream_, store_, faults_};
    int published_ = 0;
};

std::unique_ptr<conformance::GuardWorld> make_world() {
    return std::make_unique<SimulatedGuardWorld>();
}

}  // namespace
}  // namespace chatear::simulation

namespace chatear::conformance {

INSTANTIATE_TEST_SUITE_P(
    InMemory, ExecutionGuardContract, testing::Values(&simulation::make_world)
);

}  // namespace chatear::conformance
