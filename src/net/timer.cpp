#include "net/timer.hpp"

#include "net/moment.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace chatear::net {

asio::awaitable<void> sleep_for(milliseconds duration) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, moment_after(duration));
    co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace chatear::net
