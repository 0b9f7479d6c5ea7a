#include "deletion/clock_stop.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>

namespace chatear::deletion {

asio::awaitable<bool> ClockStop::sound(Time database) {
    const std::optional<std::chrono::seconds> gain = watch_.compare(database, clock_.boot_time());
    if (!gain) {
        co_return true;
    }
    std::string reason(clock_was_set_ahead);
    co_await store_.stop_executions(std::move(reason));
    journal_.clock_gained(*gain);
    watch_.settle();
    co_return false;
}

}  // namespace chatear::deletion
