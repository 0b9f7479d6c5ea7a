#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>

namespace chatear::net {

namespace asio = boost::asio;

/// SIGTERM and SIGINT, as an awaitable. Make one early in main().
class StopSignals {
public:
    explicit StopSignals(const asio::any_io_executor& executor);

    /// The number of the next one that arrives.
    asio::awaitable<int> wait();

private:
    asio::signal_set signals_;
};

}  // namespace chatear::net
