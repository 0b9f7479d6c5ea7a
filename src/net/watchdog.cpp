#include "net/watchdog.hpp"

#include "net/wait_timer.hpp"

#include <optional>
#include <utility>

namespace chatear::net {

struct Watchdog::State : std::enable_shared_from_this<State> {
    State(const asio::any_io_executor& on, std::function<void()> then)
        : executor(on), on_expiry(std::move(then)) {}

    asio::any_io_executor executor;
    std::function<void()> on_expiry;
    Moment due = Moment::max();
    Moment armed = Moment::max();  // When the timer runs out; never before it was set.
    std::optional<WaitTimer> timer;
    std::size_t generation = 0;  // A handler already queued is not recalled by a new timer.

    void arm() {
        timer.reset();
        armed = due;
        ++generation;
        if (due == Moment::max()) {
            return;
        }
        timer.emplace(executor, due);
        timer->async_wait([self = shared_from_this(),
                           mine = generation](const boost::system::error_code&) {
            if (mine == self->generation && self->on_expiry) {
                self->look();
            }
        });
    }

    void look() {
        if (due > now()) {
            arm();
            return;
        }
        due = armed = Moment::max();
        on_expiry();
    }
};

Watchdog::Watchdog(const asio::any_io_executor& executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}

Watchdog::~Watchdog() {
    state_->on_expiry = nullptr;
    state_->timer.reset();
}

void Watchdog::set(Moment due) {
    state_->due = due;
    if (due < state_->armed) {
        state_->arm();
    }
}

}  // namespace chatear::net
