#include "net/deadline_timer.hpp"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>

#include <utility>

namespace chatear::net {

DeadlineTimer& DeadlineTimer::of(const asio::any_io_executor& executor) {
    return asio::use_service<DeadlineTimer>(asio::query(executor, asio::execution::context));
}

void DeadlineTimer::add(Deadline& deadline, const asio::any_io_executor& executor) {
    executor_ = executor;
    deadlines_.insert(deadline);
    if (!timer_ || deadline.end_ < set_to_) {
        set(deadline.end_);
    }
}

void DeadlineTimer::remove(Deadline& deadline) {
    deadline.hook_.unlink();
    if (deadlines_.empty()) {
        timer_.reset();  // The context may have nothing else to run for.
    }
}

void DeadlineTimer::set(Moment end) {
    set_to_ = end;
    const std::uint64_t setting = ++settings_;
    timer_.emplace(*executor_, end);
    timer_->async_wait([this, setting](const boost::system::error_code&) {
        // The error code alone does not tell: a handler already queued is not recalled.
        if (timer_ && setting == settings_) {
            expire();
        }
    });
}

void DeadlineTimer::expire() {
    timer_.reset();
    // What runs may disarm, destroy and make deadlines, its own too.
    while (!deadlines_.empty() && deadlines_.begin()->end_ <= now()) {
        Deadline& deadline = *deadlines_.begin();
        deadline.hook_.unlink();
        deadline.expired_ = true;
        const std::function<void()> on_expiry = std::exchange(deadline.on_expiry_, nullptr);
        on_expiry();
    }
    if (!deadlines_.empty()) {
        set(deadlines_.begin()->end_);
    }
}

}  // namespace chatear::net
