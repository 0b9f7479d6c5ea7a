#pragma once

#include "net/moment.hpp"
#include "net/virtual_time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <utility>

namespace chatear::net {

namespace asio = boost::asio;

/// The timer behind every wait of `net`. In virtual time it is Asio's timer that never runs out,
/// and is cancelled when its moment comes: the kernel's timers would come back at times of their
/// own. So look at ended() before believing operation_aborted.
class WaitTimer {
public:
    WaitTimer(const asio::any_io_executor& executor, Moment end);
    ~WaitTimer();
    WaitTimer(const WaitTimer&) = delete;
    WaitTimer& operator=(const WaitTimer&) = delete;

    template <typename CompletionToken>
    auto async_wait(CompletionToken&& token) {
        return timer_.async_wait(std::forward<CompletionToken>(token));
    }

    void cancel();

    /// Whether its moment came in virtual time.
    bool ended() const { return ended_; }

private:
    friend class VirtualTime;

    void end();
    void leave();

    asio::steady_timer timer_;
    std::optional<VirtualTime::Key> key_;  // While it waits in virtual time.
    bool ended_ = false;
};

}  // namespace chatear::net
