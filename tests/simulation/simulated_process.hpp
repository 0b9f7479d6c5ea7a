#pragma once

#include "deletion/execution_pass.hpp"
#include "deletion/recovery_mailer.hpp"
#include "memory_deletion_store.hpp"
#include "memory_mail_judge.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/metrics.hpp"
#include "simulated_relay.hpp"
#include "simulated_stream.hpp"

#include <set>
#include <string>

namespace chatear::simulation {

/// What the processes of a simulated world share.
struct Surroundings {
    Clocks& clocks;
    FaultPlan& faults;
    MemoryDatabase& database;
    deletion::DailyLimits& limits;
    SimulatedRelay& relay;
    SimulatedStream& stream;
    std::set<std::string>& living;
    const mail::Templates& templates;
    MemoryDeletionStore::OnExecution on_execution;
    notification::OnAmbiguity on_ambiguity = notification::OnAmbiguity::resend;
    int daily_limit = 10;
};

/// One user-delete-worker: the product's own passes over a simulated world. While it runs, others
/// may run in between; it lives until a Crash leaves one of its calls.
class SimulatedProcess {
public:
    SimulatedProcess(Surroundings& world, std::string name, std::chrono::hours clock_wrong_by);
    ~SimulatedProcess();
    SimulatedProcess(const SimulatedProcess&) = delete;
    SimulatedProcess& operator=(const SimulatedProcess&) = delete;

    asio::awaitable<void> execution_pass();
    asio::awaitable<void> mail_pass();
    /// Takes the event at this place of the stream to its verdict and acknowledges it.
    asio::awaitable<void> take_event(deletion::Request event);
    /// The recovery page's POST.
    asio::awaitable<void> recover_by_page(deletion::Request request);

    bool busy = false;

private:
    class NoLocalTimes final : public deletion::LocalTimes {
    public:
        asio::awaitable<std::optional<std::string>> minute_in(
            Time /*time*/, std::string /*time_zone*/
        ) override {
            co_return std::nullopt;
        }
    };

    asio::awaitable<void> enter(deletion::Request request);
    bool claim_recovery(const deletion::Request& event);

    Surroundings& world_;
    std::string name_;
    MachineClock clock_;
    MemoryDeletionStore store_;
    MemoryMailJudge judge_;
    runtime::ContentGate gate_{clock_};
    NoLocalTimes local_times_;
    SimulatedGuard guard_;
    runtime::Metrics metrics_;
    deletion::Journal journal_{metrics_};
    deletion::ClockStop clock_stop_{store_, journal_, clock_};
    deletion::ExecutionPass execution_;
    deletion::RecoveryMailer mailer_;
};

}  // namespace chatear::simulation
