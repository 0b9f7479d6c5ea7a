#include "net/virtual_time.hpp"

#include "base/assert.hpp"
#include "net/wait_timer.hpp"

#include <algorithm>

namespace chatear::net {
namespace {

VirtualTime* current = nullptr;

}  // namespace

Moment now() {
    return current == nullptr ? std::chrono::steady_clock::now() : current->now();
}

VirtualTime::VirtualTime() {
    CHATEAR_ASSERT(current == nullptr);
    current = this;
}

VirtualTime::~VirtualTime() {
    current = nullptr;
}

VirtualTime* VirtualTime::installed() {
    return current;
}

std::optional<Moment> VirtualTime::next() const {
    return waiting_.empty() ? std::nullopt : std::optional(waiting_.begin()->first.first);
}

void VirtualTime::advance_to(Moment to) {
    now_ = std::max(now_, to);
    while (!waiting_.empty() && waiting_.begin()->first.first <= now_) {
        waiting_.begin()->second->end();
    }
}

VirtualTime::Key VirtualTime::add(Moment end, WaitTimer& timer) {
    const Key key(end, ++added_);
    waiting_.emplace(key, &timer);
    return key;
}

}  // namespace chatear::net
