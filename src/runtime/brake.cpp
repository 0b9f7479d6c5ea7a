#include "runtime/brake.hpp"

#include <algorithm>

namespace chatear::runtime {

bool Brake::try_enter(Moment now) {
    if (state_ == State::open) {
        return true;
    }
    if (state_ == State::closed && now >= probe_at_) {
        state_ = State::probing;
        return true;
    }
    return false;
}

void Brake::on_success() {
    ++successes_;
    state_ = State::open;
    delay_ = milliseconds(0);
    dependency_.clear();
}

bool Brake::on_unavailable(const std::string& dependency, Moment now) {
    // Handlers that were let in before it closed tell the same news late: the delay grows once a
    // probe.
    const bool news = state_ != State::closed;
    const bool closed_now = state_ == State::open;
    if (news) {
        delay_ = delay_.count() == 0 ? first_delay_ : std::min(delay_ * 2, most_delay_);
        probe_at_ = now + delay_;
        dependency_ = dependency;
    }
    state_ = State::closed;
    return closed_now;
}

void Brake::on_abandoned(Moment now) {
    if (state_ == State::probing) {
        state_ = State::closed;
        probe_at_ = now;
    }
}

}  // namespace chatear::runtime
