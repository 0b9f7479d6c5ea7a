#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>

namespace chatear::net {

namespace asio = boost::asio;
using std::chrono::milliseconds;

/// Waits; throws boost::system::system_error(operation_aborted) when the task is stopped.
asio::awaitable<void> sleep_for(milliseconds duration);

}  // namespace chatear::net
