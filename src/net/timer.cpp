#include "net/timer.hpp"

#include "net/wait_timer.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

namespace chatear::net {

asio::awaitable<void> sleep_for(milliseconds duration) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    WaitTimer timer(executor, moment_after(duration));
    boost::system::error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
    if (error && !timer.ended()) {
        throw boost::system::system_error(error);  // The task is being stopped.
    }
}

}  // namespace chatear::net
