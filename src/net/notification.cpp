#include "net/notification.hpp"

#include "base/assert.hpp"
#include "net/wait_timer.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/system/system_error.hpp>

#include <optional>
#include <utility>

namespace chatear::net {
namespace {

namespace intrusive = boost::intrusive;

template <typename Tag>
using Hook =
    intrusive::list_base_hook<intrusive::tag<Tag>, intrusive::link_mode<intrusive::auto_unlink>>;

template <typename Element, typename Tag>
using List =
    intrusive::list<Element, intrusive::base_hook<Hook<Tag>>, intrusive::constant_time_size<false>>;

struct OfNotification;
struct OfContext;

/// One coroutine that waits; lives in its frame and leaves the list with it.
struct Waiter : Hook<OfNotification> {
    virtual void wake() = 0;

    bool notified = false;

protected:
    Waiter() = default;
    ~Waiter() = default;
};

struct TimedWaiter final : Waiter {
    TimedWaiter(const asio::any_io_executor& executor, Moment until) : timer(executor, until) {}

    void wake() override { timer.cancel(); }

    WaitTimer timer;
};

/// The coroutine itself, as Asio gives it to what it waits for.
using Continuation = asio::async_result<asio::use_awaitable_t<>, void()>::handler_type;

/// Without a timer: of what an e-mail waits for, nearly all has no end of its own.
struct ParkedWaiter final : Waiter, Hook<OfContext> {
    explicit ParkedWaiter(const asio::any_io_executor& executor) {
        const auto* target = executor.target<asio::io_context::executor_type>();
        CHATEAR_ASSERT(target != nullptr);
        context = &target->context();
    }

    void park(Continuation coroutine);

    void wake() override {
        if (continuation) {
            Continuation coroutine = std::move(*continuation);
            continuation.reset();
            asio::post(*context, [coroutine = std::move(coroutine)]() mutable { coroutine(); });
        }
    }

    asio::io_context* context;
    std::optional<Continuation> continuation;  // Until it is woken.
};

/// Those of an io_context that wait. It owns none of them; but one that waits belongs to nobody
/// else, so they go when it goes, as those do that wait for a timer.
class ParkingLot final : public asio::execution_context::service {
public:
    using key_type = ParkingLot;
    static inline asio::execution_context::id id;

    explicit ParkingLot(asio::execution_context& context) : service(context) {}

    void add(ParkedWaiter& waiter) { waiters_.push_back(waiter); }

private:
    void shutdown() noexcept override {
        while (!waiters_.empty()) {
            ParkedWaiter& waiter = waiters_.front();
            waiters_.pop_front();
            if (waiter.continuation) {
                // With it goes the frame that the waiter lives in.
                const Continuation last = std::move(*waiter.continuation);
            }
        }
    }

    List<ParkedWaiter, OfContext> waiters_;
};

void ParkedWaiter::park(Continuation coroutine) {
    auto slot = asio::get_associated_cancellation_slot(coroutine);
    if (slot.is_connected()) {
        slot.assign([this](asio::cancellation_type /*type*/) { wake(); });
    }
    continuation.emplace(std::move(coroutine));
    asio::use_service<ParkingLot>(*context).add(*this);
}

struct Park {
    void operator()(Continuation coroutine) const { waiter.park(std::move(coroutine)); }

    ParkedWaiter& waiter;
};

asio::awaitable<void> until_woken(ParkedWaiter& waiter) {
    return asio::async_initiate<const asio::use_awaitable_t<>&, void()>(
        Park{waiter}, asio::use_awaitable
    );
}

}  // namespace

struct Notification::State {
    asio::any_io_executor executor;
    List<Waiter, OfNotification> waiters;

    static asio::awaitable<void> wait(std::shared_ptr<State> state) {
        ParkedWaiter waiter(state->executor);
        state->waiters.push_back(waiter);
        co_await until_woken(waiter);
        if (!waiter.notified) {
            // The task is being stopped.
            throw boost::system::system_error(asio::error::operation_aborted);
        }
    }

    /// Whether it was notified before the waiter's timer ran out.
    static asio::awaitable<bool> wait_until(std::shared_ptr<State> state, Moment end) {
        TimedWaiter waiter(state->executor, end);
        state->waiters.push_back(waiter);
        boost::system::error_code error;
        co_await waiter.timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        const bool aborted = error == asio::error::operation_aborted && !waiter.timer.ended();
        if (!waiter.notified && aborted) {
            throw boost::system::system_error(error);  // The task is being stopped.
        }
        co_return waiter.notified;
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
    return State::wait(state_);
}

asio::awaitable<bool> Notification::wait_for(std::chrono::milliseconds timeout) {
    return State::wait_until(state_, moment_after(timeout));
}

asio::awaitable<bool> Notification::wait_until(Moment end) {
    return State::wait_until(state_, end);
}

void Notification::notify_all() {
    // Waking only queues the waiters' continuations, so the list stays whole meanwhile.
    for (Waiter& waiter : state_->waiters) {
        if (!waiter.notified) {
            waiter.notified = true;
            waiter.wake();
        }
    }
}

}  // namespace chatear::net
