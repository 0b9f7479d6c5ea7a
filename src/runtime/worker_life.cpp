// How a worker starts, waits, drains and ends.
#include "base/log.hpp"
#include "net/timer.hpp"
#include "postgres/migrator.hpp"
#include "runtime/retention.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace chatear::runtime {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds tidy_every{60'000};
constexpr milliseconds retry_start{1'000};
/// For each of what is said to NATS at the very end, and answered by it.
constexpr milliseconds last_words{1'000};

/// What remains of SHUTDOWN_TIMEOUT for the last writes, after the handlers' part.
constexpr milliseconds reserve(milliseconds timeout) {
    return std::min(milliseconds(5'000), timeout / 4);
}

/// What is left until `end`.
milliseconds until(net::Moment end) {
    const auto rest = std::chrono::ceil<milliseconds>(end - net::now());
    return std::max(rest, milliseconds(0));
}

}  // namespace

asio::awaitable<int> Worker::run() {
    log::info("starting", {{"instance", identity_.instance}, {"host", identity_.host}});
    serve_http();
    start_connections();
    beginning_.start("begin", begin_when_prepared());
    tasks_.start("signals", wait_for_stop());
    while (!stop_asked_) {
        co_await stop_wanted_.wait();
    }
    tasks_.start("second signal", exit_on_second_signal());
    co_await beginning_.stop();
    co_await drain();
    co_await close();
    if (fatal_) {
        log::error("cannot run", {{"reason", *fatal_}});
        co_return 1;
    }
    log::info("stopped", {{"instance", identity_.instance}});
    co_return 0;
}

void Worker::start_connections() {
    nats_.start();
    for (const auto& service : services_) {
        service->start();
    }
}

asio::awaitable<void> Worker::wait_for_stop() {
    const int number = co_await signals_.wait();
    log::info("stopping: a signal came", {{"signal", number}});
    stop_asked_ = true;
    stop_wanted_.notify_all();
}

asio::awaitable<void> Worker::exit_on_second_signal() {
    (void)co_await signals_.wait();
    log::warn("ended at once by a second signal; what was in hand comes again");
    std::_Exit(EXIT_FAILURE);
}

asio::awaitable<void> Worker::begin_when_prepared() {
    try {
        co_await prepare();
        starting_.clear();
        co_await tell_when_ready();
    } catch (const std::runtime_error& error) {
        if (net::is_stop(error)) {
            throw;
        }
        fatal_ = error.what();
        stop_asked_ = true;
        stop_wanted_.notify_all();
    }
}

/// Waits out whatever is not there yet; throws std::runtime_error for what waiting cannot mend.
asio::awaitable<void> Worker::prepare() {
    if (pool_) {
        starting_ = "PostgreSQL";
        co_await prepare_database();
        pool_->start();
        begin_claiming();
        outbox_listener_->start();
        relay_->start();
        tasks_.start("outbox wake-ups", wake_relay());
        tasks_.start("retention", tidy_up());
    }
    for (const auto& task : own_tasks_) {
        co_await prepare_task(*task);
    }
    starting_ = "NATS streams";
    co_await declare_own_streams();
    for (const auto& subject : subjects_) {
        subject->consumer->start();
    }
    for (const auto& task : own_tasks_) {
        task->start();
    }
}

/// Not before: an event that is published to a stream that is not there yet is kept by nobody.
asio::awaitable<void> Worker::tell_when_ready() {
    for (const auto& subject : subjects_) {
        co_await subject->source->wait_usable();
    }
    log::info("ready", {{"subjects", static_cast<std::int64_t>(subjects_.size())}});
}

asio::awaitable<void> Worker::prepare_database() {
    while (true) {
        try {
            if (config_.settings.migrate) {
                co_await migrate();
            }
            co_await check_schema();
            co_return;
        } catch (const Unavailable& unavailable) {
            log::debug("the database is not ready", {{"reason", unavailable.why()}});
        }
        co_await net::sleep_for(retry_start);
    }
}

asio::awaitable<void> Worker::prepare_task(Task& task) {
    while (true) {
        try {
            co_await task.prepare();
            co_return;
        } catch (const Unavailable& unavailable) {
            starting_ = task.name() + ": " + unavailable.why();
        }
        co_await net::sleep_for(retry_start);
    }
}

asio::awaitable<void> Worker::migrate() {
    const auto migrations = postgres::load_migrations(config_.settings.migrations_dir);
    if (!migrations) {
        throw std::runtime_error("MIGRATE=true, but " + migrations.error().message);
    }
    postgres::Migrator migrator(executor_, *config_.postgres);
    std::vector<postgres::Migration> files = *migrations;
    const auto applied = co_await migrator.migrate(std::move(files));
    if (!applied) {
        throw std::runtime_error(applied.error().message);
    }
}

/// Before the pool connects, whose first statement needs a table. All that are missing are named.
asio::awaitable<void> Worker::check_schema() {
    std::vector<std::string> tables{"outbox", "workers", "suspects"};
    for (const auto& subject : subjects_) {
        tables.push_back(subject->table);
    }
    tables.insert(tables.end(), task_tables_.begin(), task_tables_.end());
    postgres::Migrator migrator(executor_, *config_.postgres);
    const auto missing = co_await migrator.missing_tables(std::move(tables));
    if (!missing) {
        throw std::runtime_error(missing.error().message);
    }
    std::string names;
    for (const std::string& name : *missing) {
        names += (names.empty() ? "" : ", ") + name;
    }
    if (!names.empty()) {
        throw std::runtime_error(
            "the database lacks the tables " + names +
            ": run 'chatear migrate up', or start with MIGRATE=true"
        );
    }
}

asio::awaitable<void> Worker::wake_relay() {
    while (true) {
        (void)co_await outbox_listener_->next();
        relay_->wake();
    }
}

asio::awaitable<void> Worker::tidy_up() {
    while (true) {
        co_await net::sleep_for(tidy_every);
        try {
            for (const auto& subject : subjects_) {
                (void)co_await sweep(*subject->ledger, config_.settings.ledger_retention);
            }
            co_await registry_->remove_old();
        } catch (const Unavailable& unavailable) {
            log::debug("nothing was tidied up", {{"reason", unavailable.why()}});
        }
    }
}

/// Pulls no more, lets what is in hand end, and cuts off what does not in time.
asio::awaitable<void> Worker::drain() {
    const milliseconds timeout = config_.settings.shutdown_timeout;
    const auto end = net::now() + timeout - reserve(timeout);
    for (const auto& subject : subjects_) {
        subject->consumer->drain();
    }
    for (const auto& task : own_tasks_) {
        task->drain();
    }
    for (const auto& subject : subjects_) {
        const milliseconds limit = until(end) * 3 / 4;
        (void)co_await subject->consumer->emptied(limit);
    }
    for (const auto& task : own_tasks_) {
        const milliseconds limit = until(end) * 3 / 4;
        (void)co_await task->emptied(limit);
    }
    gate_.close();
    for (const auto& service : services_) {
        const milliseconds limit = until(end);
        co_await service->stop(limit);
    }
    co_await await_last_verdicts(end + reserve(timeout) / 2);
}

/// What was cut off has its result now (unknown); its verdict still commits.
asio::awaitable<void> Worker::await_last_verdicts(net::Moment end) {
    for (const auto& subject : subjects_) {
        const milliseconds limit = until(end);
        const bool empty = co_await subject->consumer->emptied(limit);
        if (!empty) {
            log::warn(
                "stopped with events in hand; they come again",
                {{"subject", subject->consumer->subject()},
                 {"in_hand", static_cast<std::uint64_t>(subject->consumer->status().in_hand)}}
            );
        }
    }
    for (const auto& task : own_tasks_) {
        const milliseconds limit = until(end);
        const bool empty = co_await task->emptied(limit);
        if (!empty) {
            log::warn("stopped with work under way; it is done again", {{"task", task->name()}});
        }
    }
}

asio::awaitable<void> Worker::close() {
    bool decided = true;
    for (const auto& subject : subjects_) {
        co_await subject->consumer->stop();
        decided = decided && !subject->consumer->content_in_hand();
        try {
            co_await subject->source->flush(last_words);
        } catch (const Unavailable& unavailable) {
            log::debug(
                "acknowledgements may be lost; the ledger knows", {{"reason", unavailable.why()}}
            );
        }
        co_await subject->source->stop();
        co_await subject->judge->stop();
    }
    for (const auto& task : own_tasks_) {  // Handlers may have used what they end.
        co_await task->stop();
        decided = decided && !task->content_in_hand();
    }
    if (pool_) {
        const bool relayed = co_await relay_->drain(last_words);
        if (!relayed) {
            log::debug("what was being published goes out when its lease has ended");
        }
        co_await relay_->stop();
        co_await give_up_claims(decided);
        co_await outbox_listener_->stop();
        co_await pool_->stop();
    }
    co_await nats_.stop();
    if (http_) {
        co_await http_->stop();
    }
    co_await tasks_.stop();
}

}  // namespace chatear::runtime
