#include "net/deadline.hpp"

#include "net/wait_timer.hpp"

#include <utility>

namespace chatear::net {

struct Deadline::State {
    State(const asio::any_io_executor& executor, Moment end) : timer(executor, end) {}

    WaitTimer timer;
    std::function<void()> on_expiry;
    bool expired = false;
};

Deadline::Deadline(
    const asio::any_io_executor& executor,
    std::chrono::milliseconds after,
    std::function<void()> on_expiry
)
    : state_(std::make_shared<State>(executor, moment_after(after))) {
    state_->on_expiry = std::move(on_expiry);
    state_->timer.async_wait([state = state_](const boost::system::error_code&) {
        // The error code alone does not tell: a handler already queued is not recalled by cancel().
        if (state->on_expiry) {
            state->expired = true;
            const std::function<void()> expire = std::exchange(state->on_expiry, nullptr);
            expire();
        }
    });
}

Deadline::~Deadline() {
    disarm();
}

void Deadline::disarm() {
    state_->on_expiry = nullptr;
    state_->timer.cancel();
}

bool Deadline::expired() const {
    return state_->expired;
}

}  // namespace chatear::net
