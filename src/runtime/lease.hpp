#pragma once

#include "net/task_group.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/registry.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>

namespace chatear::runtime {

/// Keeps this process's row in `workers` alive (rule 7): renewed every 5 s; an outage of
/// PostgreSQL is tried again each second.
class Lease {
public:
    static constexpr std::chrono::milliseconds renewal{5'000};
    static constexpr std::chrono::milliseconds retry{1'000};

    /// `settle_predecessors`: done once, behind the first renewal; asked again where it throws
    /// Unavailable. Empty = there are none.
    Lease(
        const asio::any_io_executor& executor,
        Registry& registry,
        ContentGate& gate,
        const Clock& clock,
        std::function<asio::awaitable<void>()> settle_predecessors
    );

    void start();

    /// Ends the renewals and marks this process as released, so that its claims can be taken over
    /// at once. Only says so when PostgreSQL is down, and returns false: the claims die by
    /// themselves. Without a start() there is nothing to release.
    asio::awaitable<bool> release();

    /// Ends the renewals alone: the claims die by themselves, and are taken over as from the dead.
    asio::awaitable<void> stop();

private:
    asio::awaitable<void> run();
    asio::awaitable<void> renew_once();

    Registry& registry_;
    ContentGate& gate_;
    const Clock& clock_;
    std::function<asio::awaitable<void>()> settle_predecessors_;
    bool started_ = false;
    net::TaskGroup tasks_;
};

}  // namespace chatear::runtime
