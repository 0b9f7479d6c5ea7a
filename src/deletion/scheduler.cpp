#include "deletion/scheduler.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace chatear::deletion {

using std::chrono::milliseconds;

Scheduler::Scheduler(
    const asio::any_io_executor& executor,
    postgres::ConnectionOptions database,
    std::string channel,
    std::vector<NamedPass> passes
)
    : listener_(executor, std::move(database), std::vector<std::string>(1, std::move(channel))),
      changed_(executor),
      listening_(executor),
      tasks_(executor) {
    for (NamedPass& named : passes) {
        loops_.push_back(std::make_shared<Loop>(Loop{std::move(named)}));
    }
}

void Scheduler::start() {
    listener_.start();
    listening_.start("deletions' wake-ups", listen());
    for (const auto& loop : loops_) {
        ++running_;
        tasks_.start(loop->of.name, repeat(loop));
    }
}

void Scheduler::drain() {
    draining_ = true;
    for (const auto& loop : loops_) {
        loop->of.pass->drain();
    }
    changed_.notify_all();
}

asio::awaitable<bool> Scheduler::emptied(milliseconds limit) {
    const auto end = net::now() + limit;
    while (running_ > 0) {
        const bool changed = co_await changed_.wait_until(end);
        if (!changed) {
            break;
        }
    }
    co_return running_ == 0;
}

asio::awaitable<void> Scheduler::stop() {
    co_await tasks_.stop();
    for (const auto& loop : loops_) {
        co_await loop->of.pass->stop();
    }
    co_await listening_.stop();
    co_await listener_.stop();
}

std::string Scheduler::trouble() const {
    std::string found;
    for (const auto& loop : loops_) {
        if (!loop->trouble.empty()) {
            found += (found.empty() ? "" : "; ") + loop->of.name + ": " + loop->trouble;
        }
    }
    return found;
}

asio::awaitable<void> Scheduler::repeat(std::shared_ptr<Loop> loop) {
    while (!draining_) {
        const std::uint64_t seen = notified_;
        const milliseconds wait = co_await pass(loop);
        co_await rest(loop, seen, wait);
    }
    co_await loop->of.pass->finished();
    --running_;
    changed_.notify_all();
}

/// Until `wait` is over, or something was notified since `seen`.
asio::awaitable<void> Scheduler::rest(
    std::shared_ptr<Loop> loop, std::uint64_t seen, milliseconds wait
) {
    const auto begin = net::now();
    const auto end = begin + wait;
    const auto earliest = begin + loop->of.notified_after;
    bool waiting = wait > milliseconds(0);
    while (waiting && !draining_) {
        const bool notified = loop->of.on_notification && notified_ != seen;
        if (notified && net::now() >= earliest) {
            break;
        }
        const auto until = notified ? std::min(end, earliest) : end;
        const bool changed = co_await changed_.wait_until(until);
        waiting = changed || until < end;
    }
}

/// One pass; how long the next may wait. What is down is said once.
asio::awaitable<milliseconds> Scheduler::pass(std::shared_ptr<Loop> loop) {
    std::string trouble;
    milliseconds wait = Pass::shortest_wait;
    try {
        wait = co_await loop->of.pass->run();
    } catch (const Unavailable& unavailable) {
        trouble = unavailable.dependency() + " is down: " + unavailable.why();
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        // One row that nobody foresaw must not end the process, and the other tasks with it.
        log::error(
            "a task failed; it is tried again", {{"task", loop->of.name}, {"reason", error.what()}}
        );
        trouble = std::string("it failed: ") + error.what();
    }
    const bool changed = loop->trouble.empty() != trouble.empty();
    loop->trouble = std::move(trouble);
    if (changed && !loop->trouble.empty()) {
        log::warn("what is due waits", {{"task", loop->of.name}, {"reason", loop->trouble}});
    } else if (changed) {
        log::info("what is due is worked off again", {{"task", loop->of.name}});
    }
    co_return wait;
}

asio::awaitable<void> Scheduler::listen() {
    while (true) {
        (void)co_await listener_.next();
        ++notified_;
        changed_.notify_all();
    }
}

}  // namespace chatear::deletion
