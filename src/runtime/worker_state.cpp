// What a worker keeps in STATE_DIR, and what it finds there of those before it.
#include "base/log.hpp"
#include "runtime/worker.hpp"

#include <stdexcept>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::size_t flights_of_tasks = 64;

}  // namespace

void Worker::take_state_files() {
    auto file = InstanceFile::take(config_.settings.state_dir, config_.name, identity_.instance);
    if (!file) {
        throw std::runtime_error(file.error().message);
    }
    instance_file_.emplace(std::move(*file));
    predecessors_ = Predecessors::of(*instance_file_, identity_.instance);
    auto flights = FlightFile::create(
        instance_file_->base(), identity_.instance, config_.settings.concurrency + flights_of_tasks
    );
    if (!flights) {
        throw std::runtime_error(flights.error().message);
    }
    flight_file_.emplace(std::move(*flights));
}

FlightBook* Worker::flights() {
    return flight_file_ ? &flight_file_->book() : nullptr;
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
    co_await predecessors_.settle(std::move(ledgers), *registry_);
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
        flight_file_->remove();
    }
}

}  // namespace chatear::runtime
