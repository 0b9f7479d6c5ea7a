#pragma once

#include "base/assert.hpp"
#include "net/notification.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace chatear::net {

/// One value, or one exception, that one coroutine produces and another awaits. Hold it by
/// shared_ptr where either side may end first.
template <typename T>
class Completion {
public:
    explicit Completion(const asio::any_io_executor& executor) : done_(executor) {}

    bool finished() const { return value_.has_value() || error_ != nullptr; }

    /// Requires !finished().
    void set_value(T value) {
        CHATEAR_ASSERT(!finished());
        value_.emplace(std::move(value));
        done_.notify_all();
    }

    /// Requires !finished().
    void set_exception(std::exception_ptr error) {
        CHATEAR_ASSERT(!finished() && error);
        error_ = std::move(error);
        done_.notify_all();
    }

    /// The value, once: it is moved out. Throws what set_exception was given.
    asio::awaitable<T> wait() {
        while (!finished()) {
            co_await done_.wait();
        }
        if (error_) {
            std::rethrow_exception(error_);
        }
        co_return std::move(*value_);
    }

private:
    Notification done_;
    std::optional<T> value_;
    std::exception_ptr error_;
};

}  // namespace chatear::net
