#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace chatear::net {

namespace asio = boost::asio;

/// Runs `on_expiry` once when `after` has passed, unless it was destroyed or disarmed before:
/// the way to bound an operation that is cancelled by closing what it works on.
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
    bool expired() const;

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace chatear::net
