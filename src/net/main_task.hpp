#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace chatear::net {

namespace asio = boost::asio;

/// Runs the loop until `task` ends; its value, or what it threw. What else still runs then is left
/// standing, so the task must have stopped what it started.
int run_main_task(asio::io_context& context, asio::awaitable<int> task);

}  // namespace chatear::net
