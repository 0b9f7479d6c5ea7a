#pragma once

#include "base/clock.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/intake.hpp"
#include "nats/jetstream.hpp"
#include "net/notification.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>

namespace chatear::deletion {

/// What NATS's clock is ahead of the database's: `stored` was read from it between the database's
/// `before` and `after`. Pure.
ClockOffset offset_between(Time before, Time stored, Time after);

/// Compares NATS's clock with the database's, by the time at which JetStream stores a message of
/// ours in the memory stream CLOCK (rule 2).
class NatsClock {
public:
    static constexpr std::chrono::seconds good_for{30};
    static constexpr std::chrono::seconds asked_again_after{5};  ///< Where it did not answer.

    /// All must outlive it.
    NatsClock(nats::Connection& connection, DeletionStore& store, const Clock& clock)
        : jetstream_(connection, std::chrono::milliseconds(2'000)),
          store_(store),
          clock_(clock),
          compared_(connection.executor()) {}

    /// The last comparison while it is good, else a new one, which those take who ask meanwhile;
    /// nothing where NATS does not answer. Throws Unavailable("postgres"); who waited compares
    /// then.
    asio::awaitable<std::optional<ClockOffset>> offset();

private:
    asio::awaitable<std::optional<ClockOffset>> measure();
    asio::awaitable<bool> publish();
    asio::awaitable<std::optional<Time>> last_stored();

    nats::JetStream jetstream_;
    DeletionStore& store_;
    const Clock& clock_;
    std::optional<ClockOffset> last_;
    BootTime measured_at_{};
    bool measured_ = false;
    bool comparing_ = false;
    net::Notification compared_;
};

}  // namespace chatear::deletion
