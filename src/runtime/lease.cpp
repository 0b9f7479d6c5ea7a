#include "runtime/lease.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/timer.hpp"

#include <utility>

namespace chatear::runtime {

Lease::Lease(
    const asio::any_io_executor& executor,
    Registry& registry,
    ContentGate& gate,
    const Clock& clock,
    std::function<asio::awaitable<void>()> settle_predecessors
)
    : registry_(registry),
      gate_(gate),
      clock_(clock),
      settle_predecessors_(std::move(settle_predecessors)),
      tasks_(executor) {}

void Lease::start() {
    started_ = true;
    tasks_.start("lease", run());
}

asio::awaitable<void> Lease::run() {
    while (true) {
        bool renewed = false;
        try {
            co_await renew_once();
            renewed = true;
        } catch (const Unavailable& unavailable) {
            // The pool says so once for all; here only the pace changes.
            log::debug("the lease could not be renewed", {{"reason", unavailable.why()}});
        }
        const auto pause = renewed ? renewal : retry;
        co_await net::sleep_for(pause);
    }
}

asio::awaitable<void> Lease::renew_once() {
    const BootTime asked_at = clock_.boot_time();
    co_await registry_.renew();
    gate_.renewed(asked_at);
    if (settle_predecessors_) {
        co_await settle_predecessors_();
        settle_predecessors_ = nullptr;
    }
}

asio::awaitable<void> Lease::stop() {
    co_await tasks_.stop();
}

asio::awaitable<bool> Lease::release() {
    co_await tasks_.stop();
    if (!started_) {
        co_return true;
    }
    try {
        co_await registry_.release();
        co_return true;
    } catch (const Unavailable& unavailable) {
        log::warn(
            "could not mark this process as ended; its claims expire by themselves",
            {{"reason", unavailable.why()}}
        );
    }
    co_return false;
}

}  // namespace chatear::runtime
