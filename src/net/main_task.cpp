#include "net/main_task.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace chatear::net {

int run_main_task(asio::io_context& context, asio::awaitable<int> task) {
    std::exception_ptr thrown;
    int value = 0;
    asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, int result) {
        thrown = std::move(error);
        value = result;
        context.stop();
    });
    context.run();
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    return value;
}

}  // namespace chatear::net
