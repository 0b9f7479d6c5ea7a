#include "net/backoff.hpp"

#include "base/randomness.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace chatear::net {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds most)
    : first_(first), most_(most), current_(first) {}

std::chrono::milliseconds Backoff::next() {
    std::uniform_int_distribution<std::int64_t> draw(current_.count() / 2, current_.count());
    current_ = std::min(current_ * 2, most_);
    return std::chrono::milliseconds(draw(random_engine()));
}

void Backoff::reset() {
    current_ = first_;
}

}  // namespace chatear::net
