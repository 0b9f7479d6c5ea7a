#pragma once

#include "net/moment.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>

namespace chatear::net {

namespace asio = boost::asio;

/// Calls `on_expiry` when a moment passes that is moved again and again, as that by which a peer
/// must have answered. Moving it to later costs nothing: the timer looks again when it runs out.
class Watchdog {
public:
    Watchdog(const asio::any_io_executor& executor, std::function<void()> on_expiry);
    ~Watchdog();
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;

    /// From now on `due` counts; Moment::max() = nothing is waited for.
    void set(Moment due);

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace chatear::net
