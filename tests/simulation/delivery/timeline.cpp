#include "timeline.hpp"

#include "base/randomness.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace chatear::simulation {

void Story::tell(microseconds at, std::string_view who, std::string_view what) {
    const double seconds = std::chrono::duration<double>(at).count();
    std::string line = fmt::format("{:12.6f}  {:<8} {}", seconds, who, what);
    for (const char c : line) {
        digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 1099511628211U;
    }
    ++lines_;
    if (aloud_) {
        std::puts(line.c_str());
    }
    last_.push_back(std::move(line));
    if (last_.size() > most_kept) {
        last_.pop_front();
    }
}

Timeline::Timeline(std::uint64_t seed) : begin_(time_.now()), random_(seed) {
    random_engine().seed(static_cast<std::minstd_rand::result_type>(seed % 2147483646 + 1));
}

void Timeline::after(microseconds delay, std::function<void()> action) {
    actions_.emplace(std::pair(now() + delay, ++added_), std::move(action));
}

bool Timeline::advance() {
    const std::optional<net::Moment> wait = time_.next();
    if (actions_.empty() && !wait) {
        return false;
    }
    if (actions_.empty() || (wait && *wait <= actions_.begin()->first.first)) {
        time_.advance_to(*wait);
        return true;
    }
    time_.advance_to(actions_.begin()->first.first);
    const std::function<void()> action = std::move(actions_.begin()->second);
    actions_.erase(actions_.begin());
    action();
    return true;
}

bool Timeline::chance(double probability) {
    return std::generate_canonical<double, 32>(random_) < probability;
}

microseconds Timeline::draw(microseconds least, microseconds most) {
    return microseconds(
        std::uniform_int_distribution<std::int64_t>(least.count(), most.count())(random_)
    );
}

std::size_t Timeline::pick(std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
}

std::uint64_t Timeline::pick(std::uint64_t least, std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
}

}  // namespace chatear::simulation
