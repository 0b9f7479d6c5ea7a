#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <functional>

namespace chatear::test {

namespace asio = boost::asio;

/// Runs `test` on `context` until it ends; fails the test when that takes longer than `limit` and
/// rethrows what it threw. Give it a named function, or a lambda that outlives the call.
void run_coroutine(
    asio::io_context& context,
    const std::function<asio::awaitable<void>()>& test,
    std::chrono::milliseconds limit = std::chrono::seconds(30)
);

}  // namespace chatear::test
