#pragma once

#include "net/task_group.hpp"
#include "postgres/options.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace chatear::postgres {

namespace asio = boost::asio;

/// LISTEN on a connection of its own, made again for ever. What it tells is only a hint to look:
/// notifications are lost while no connection is up, and behind a transaction-mode pgbouncer all
/// are. So poll too.
class ChannelListener {
public:
    ChannelListener(
        const asio::any_io_executor& executor,
        ConnectionOptions options,
        std::vector<std::string> channels
    );
    ~ChannelListener();

    void start();
    asio::awaitable<void> stop();

    /// The name of a channel that was notified since it was last given; any number of
    /// notifications of one channel count as one. After each (re)connection every channel counts
    /// as notified once.
    asio::awaitable<std::string> next();

    /// The same, but an empty string when `timeout` passed first.
    asio::awaitable<std::string> next_within(std::chrono::milliseconds timeout);

private:
    struct State;
    static asio::awaitable<void> listen(std::shared_ptr<State> state, net::TaskGroup& tasks);
    static asio::awaitable<void> keep_listening(
        std::shared_ptr<State> state, net::TaskGroup& tasks
    );

    std::shared_ptr<State> state_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::postgres
