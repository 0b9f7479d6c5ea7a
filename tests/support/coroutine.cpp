#include "support/coroutine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <gtest/gtest.h>

#include <exception>

namespace chatear::test {

void run_coroutine(
    asio::io_context& context,
    const std::function<asio::awaitable<void>()>& test,
    std::chrono::milliseconds limit
) {
    bool ended = false;
    std::exception_ptr thrown;
    asio::co_spawn(context, test(), [&](std::exception_ptr error) {
        ended = true;
        thrown = std::move(error);
    });
    context.restart();
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!ended && std::chrono::steady_clock::now() < end) {
        context.run_one_until(end);
    }
    if (thrown) {
        std::rethrow_exception(thrown);
    }
    ASSERT_TRUE(ended) << "the coroutine did not end in time";
}

}  // namespace chatear::test
