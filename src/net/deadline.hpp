#pragma once

#include "net/moment.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/set_hook.hpp>

#include <chrono>
#include <functional>

namespace chatear::net {

namespace asio = boost::asio;

class DeadlineTimer;

/// Runs `on_expiry` once when `after` has passed, unless it was destroyed or disarmed before:
/// the way to bound an operation that is cancelled by closing what it works on. Cheap to make and
/// to disarm: all deadlines of an io_context share one timer, since hardly any ever expires.
class Deadline {
public:
    Deadline(
        const asio::any_io_executor& executor,
        std::chrono::milliseconds after,
        std::function<void()> on_expiry
    );
    ~Deadline();
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;

    void disarm();
    bool expired() const { return expired_; }

private:
    friend class DeadlineTimer;
    // It leaves the timer's set by itself; linked = armed, and the timer is there.
    using Hook = boost::intrusive::set_member_hook<
        boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

    Hook hook_;
    Moment end_;
    DeadlineTimer& timer_;
    std::function<void()> on_expiry_;
    bool expired_ = false;
};

}  // namespace chatear::net
