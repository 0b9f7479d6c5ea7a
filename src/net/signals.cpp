#include "net/signals.hpp"

#include <boost/asio/use_awaitable.hpp>

#include <csignal>

namespace chatear::net {

StopSignals::StopSignals(const asio::any_io_executor& executor)
    : signals_(executor, SIGTERM, SIGINT) {}

asio::awaitable<int> StopSignals::wait() {
    co_return co_await signals_.async_wait(asio::use_awaitable);
}

}  // namespace chatear::net
