#pragma once

#include "deletion/deletion_store.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace chatear::deletion {

/// Whether a recovery is on its way that was published in time (rule 11). Over NATS:
/// `RecoveryGuard`.
class ExecutionGuard {
public:
    virtual ~ExecutionGuard() = default;

    /// Why nothing may be executed now; nothing = a pass may begin. `day`: read before. Throws
    /// Unavailable: no pass.
    virtual asio::awaitable<std::optional<std::string>> obstacle(DayState day) = 0;

    /// Holds the deletions of those whose `user.recover` became a dead letter since the last time;
    /// stops all executions where nobody can say whose it was. Throws Unavailable.
    virtual asio::awaitable<void> look_at_dead_letters() = 0;
};

}  // namespace chatear::deletion
