#include "net/deadline.hpp"

#include "net/deadline_timer.hpp"

#include <utility>

namespace chatear::net {

Deadline::Deadline(
    const asio::any_io_executor& executor,
    std::chrono::milliseconds after,
    std::function<void()> on_expiry
)
    : end_(moment_after(after)),
      timer_(DeadlineTimer::of(executor)),
      on_expiry_(std::move(on_expiry)) {
    timer_.add(*this, executor);
}

Deadline::~Deadline() {
    disarm();
}

void Deadline::disarm() {
    if (hook_.is_linked()) {
        timer_.remove(*this);
        on_expiry_ = nullptr;  // What it holds must not wait for us.
    }
}

}  // namespace chatear::net
