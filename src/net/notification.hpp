#pragma once

#include "net/moment.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>

namespace chatear::net {

namespace asio = boost::asio;

/// Wakes those who wait for something to change: a condition variable of one thread. It remembers
/// nothing, so look at the condition before each wait and again after it:
///
///     while (!ready()) {
///         co_await changed.wait();
///     }
///
/// Destroying it wakes its waiters too; they must not touch what died with it.
class Notification {
public:
    explicit Notification(const asio::any_io_executor& executor);
    ~Notification();
    Notification(const Notification&) = delete;
    Notification& operator=(const Notification&) = delete;

    asio::awaitable<void> wait();

    /// False when `timeout` passed first.
    asio::awaitable<bool> wait_for(std::chrono::milliseconds timeout);
    asio::awaitable<bool> wait_until(Moment end);

    void notify_all();

private:
    struct State;
    std::shared_ptr<State>
        state_;  // Shared with the waiters, which may live a turn of the loop longer than we.
};

}  // namespace chatear::net
