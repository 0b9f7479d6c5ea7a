// What a worker keeps in STATE_DIR, and what it finds there of those before it.
#include "base/log.hpp"
#include "runtime/worker.hpp"

#include <stdexcept>
#include <utility>

namespace chatear::runtime {
namespace {

// Places; with more contents under way the recorder only counts them.
constexpr std::size_t subjects_at_most = 2;
constexpr std::size_t flights_of_tasks = 64;

}  // namespace

void Worker::take_state_files() {
    auto file = InstanceFile::take(config_.settings.state_dir, config_.name, identity_.instance);
    if (!file) {
        throw std::runtime_error(file.error().message);
    }
    instance_file_.emplace(std::move(*file));
    predecessors_ = Predecessors(*instance_file_, identity_.instance);
    predecessors_.with_orphans_of(config_.name);
    const std::size_t places = subjects_at_most * config_.settings.concurrency + flights_of_tasks;
    auto flights = FlightFile::create(instance_file_->base(), identity_.instance, places);
    if (flights) {
        flight_file_.emplace(std::move(*flights));
        return;
    }
    // It helps after a crash; without it there would be no e-mails at all.
    log::error(
        "works without a flight recorder: if this process is killed, all it has in hand is in "
        "doubt",
        {{"reason", flights.error().message}}
    );
}

FlightBook* Worker::flights() {
    return flight_file_ ? &flight_file_->book() : nullptr;
}

void Worker::begin_claiming() {
    if (flight_file_) {
        const Result<void> begun = flight_file_->begin();
        if (!begun) {
            log::error(
                "no successor will find this process's flight recorder",
                {{"reason", begun.error().message}}
            );
        }
    }
    lease_->start();
}

asio::awaitable<void> Worker::settle_predecessors() {
    std::vector<Ledger*> ledgers;
    for (const auto& subject : subjects_) {
        ledgers.push_back(subject->ledger.get());
    }
    for (const auto& task : own_tasks_) {
        const std::vector<Ledger*> more = task->ledgers();
        ledgers.insert(ledgers.end(), more.begin(), more.end());
    }
    (void)co_await predecessors_.settle(std::move(ledgers), *registry_);
}

/// Marks this process as ended in good order, unless `decided` is false: what began and has no
/// verdict is to be taken over as from the dead, so that it counts as a possible duplicate.
asio::awaitable<void> Worker::give_up_claims(bool decided) {
    if (!decided) {
        log::warn("stopped with contents under way; this process counts as dead");
        co_await lease_->stop();
        co_return;
    }
    const bool released = co_await lease_->release();
    if (released && instance_file_) {
        instance_file_->ended();
        if (flight_file_) {
            flight_file_->remove();
        }
    }
}

}  // namespace chatear::runtime
