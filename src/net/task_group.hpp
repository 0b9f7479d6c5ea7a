#pragma once

#include "net/notification.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace chatear::net {

/// Owns the coroutines started in it. Make it the last member of its owner.
///
/// A task that ends by an exception other than its being stopped is a bug of ours: it is logged
/// with the task's name and the process aborts, because a silent half-dead process is worse.
/// Expected failures (Unavailable) are the task's own to handle. One that ends by the exception of
/// a stop while its group is not being stopped is logged as an error.
class TaskGroup {
public:
    explicit TaskGroup(const asio::any_io_executor& executor);

    /// Everything must have been stopped, or the io_context must be gone.
    ~TaskGroup();
    TaskGroup(const TaskGroup&) = delete;
    TaskGroup& operator=(const TaskGroup&) = delete;

    /// Starts `task` in the next turn of the loop. A task started after stop() is dropped unrun.
    void start(std::string name, asio::awaitable<void> task);

    /// Asks all tasks to stop (every await in them throws operation_aborted) and returns when all
    /// have ended. May be called twice, or without start.
    asio::awaitable<void> stop();

    /// Only asks.
    void request_stop();

    /// Returns when all tasks have ended by themselves.
    asio::awaitable<void> join();

    std::size_t size() const;
    bool stopping() const;
    asio::any_io_executor executor() const { return executor_; }

private:
    struct State;
    asio::any_io_executor executor_;
    std::shared_ptr<State> state_;
};

/// True for the exception that an await throws in a task that is being stopped.
bool is_stop(const std::exception& error);

}  // namespace chatear::net
