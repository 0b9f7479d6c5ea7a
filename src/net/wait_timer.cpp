#include "net/wait_timer.hpp"

namespace chatear::net {

WaitTimer::WaitTimer(const asio::any_io_executor& executor, Moment end)
    : timer_(executor, VirtualTime::installed() == nullptr ? end : Moment::max()) {
    if (VirtualTime::installed() != nullptr && end != Moment::max()) {
        key_ = VirtualTime::installed()->add(end, *this);
    }
}

WaitTimer::~WaitTimer() {
    leave();
}

void WaitTimer::cancel() {
    leave();
    timer_.cancel();
}

void WaitTimer::end() {
    leave();
    ended_ = true;
    timer_.cancel();
}

void WaitTimer::leave() {
    if (key_ && VirtualTime::installed() != nullptr) {
        VirtualTime::installed()->remove(*key_);
    }
    key_.reset();
}

}  // namespace chatear::net
