#include "net/notification.hpp"

#include "net/wait_timer.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/system_error.hpp>

#include <type_traits>

namespace chatear::net {
namespace {

/// One coroutine that waits; lives in its frame and leaves the list with it.
struct Waiter
    : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    Waiter(const asio::any_io_executor& executor, Moment until) : timer(executor, until) {}

    WaitTimer timer;
    bool notified = false;
};

}  // namespace

struct Notification::State {
    asio::any_io_executor executor;
    boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>> waiters;

    /// As a bool: whether it was notified before the waiter's timer ran out.
    template <typename Result>
    static asio::awaitable<Result> wait(std::shared_ptr<State> state, Moment until) {
        Waiter waiter(state->executor, until);
        state->waiters.push_back(waiter);
        boost::system::error_code error;
        co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        const bool aborted = error == asio::error::operation_aborted && !waiter.timer.ended();
        if (!waiter.notified && aborted) {
            throw boost::system::system_error(error);  // The task is being stopped.
        }
        if constexpr (std::is_same_v<Result, bool>) {
            co_return waiter.notified;
        }
    }
};

Notification::Notification(const asio::any_io_executor& executor)
    : state_(std::make_shared<State>()) {
    state_->executor = executor;
}

Notification::~Notification() {
    notify_all();
}

asio::awaitable<void> Notification::wait() {
    return State::wait<void>(state_, Moment::max());
}

asio::awaitable<bool> Notification::wait_for(std::chrono::milliseconds timeout) {
    return State::wait<bool>(state_, moment_after(timeout));
}

asio::awaitable<bool> Notification::wait_until(Moment end) {
    return State::wait<bool>(state_, end);
}

void Notification::notify_all() {
    // Cancelling only queues the waiters' handlers, so the list stays whole meanwhile.
    for (Waiter& waiter : state_->waiters) {
        if (!waiter.notified) {
            waiter.notified = true;
            waiter.timer.cancel();
        }
    }
}

}  // namespace chatear::net
