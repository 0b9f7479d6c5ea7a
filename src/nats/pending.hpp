#pragma once

#include "nats/connection.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace chatear::nats {

/// A coroutine that waits for the PONG to its PING.
struct Connection::PendingPong {
    explicit PendingPong(const asio::any_io_executor& executor) : changed(executor) {}

    /// False when `timeout` passed first; a failure is in `failure`.
    asio::awaitable<bool> wait(std::chrono::milliseconds timeout) {
        const auto end = net::now() + timeout;
        while (!finished) {
            const auto left = std::chrono::ceil<milliseconds>(end - net::now());
            if (left <= milliseconds::zero()) {
                break;
            }
            co_await changed.wait_for(left);
        }
        co_return finished;
    }

    void succeed() {
        finished = true;
        changed.notify_all();
    }

    void fail(const std::string& why) {
        if (!finished) {
            failure = why;
            succeed();
        }
    }

    bool finished = false;
    std::string failure;
    net::Notification changed;
};

/// A coroutine that waits for the answer to its request.
struct Connection::PendingReply : PendingPong {
    PendingReply(const asio::any_io_executor& executor, std::string to)
        : PendingPong(executor), subject(std::move(to)) {}

    std::string subject;
    Message answer;
};

}  // namespace chatear::nats
