#include "net/backoff.hpp"

#include <algorithm>
#include <cstdint>
#include <random>

namespace chatear::net {
namespace {

/// Seeded once: asking the machine for randomness was a twelfth of a worker's time.
std::minstd_rand& random_engine() {
    thread_local std::minstd_rand engine(std::random_device{}());
    return engine;
}

}  // namespace

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
