#include "nats_test.hpp"

#include "net/timer.hpp"

namespace chatear::nats {

asio::awaitable<bool> until(std::function<bool()> condition) {
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) {
            co_return false;
        }
        co_await net::sleep_for(milliseconds(5));
    }
    co_return true;
}

}  // namespace chatear::nats
