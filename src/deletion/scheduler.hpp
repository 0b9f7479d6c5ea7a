#pragma once

#include "deletion/pass.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"
#include "postgres/channel_listener.hpp"
#include "postgres/options.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace chatear::deletion {

/// Repeats its passes, each in a loop of its own, so that mails that cannot leave keep no execution
/// and an execution that may not be keeps no mail (rule 12): when one is due, on notification, and
/// at least every 15 s. Any number of processes may run one.
class Scheduler {
public:
    struct NamedPass {
        std::string name;
        std::shared_ptr<Pass> pass;
        bool on_notification = true;
        /// The soonest after the pass before: they come in bursts, one for each batch of requests.
        std::chrono::milliseconds notified_after{100};
    };

    /// `channel`: what the database notifies when something is due within seconds.
    Scheduler(
        const asio::any_io_executor& executor,
        postgres::ConnectionOptions database,
        std::string channel,
        std::vector<NamedPass> passes
    );

    // As in runtime::Task.

    void start();
    void drain();
    asio::awaitable<bool> emptied(std::chrono::milliseconds limit);
    asio::awaitable<void> stop();
    std::string trouble() const;

private:
    struct Loop {
        NamedPass of;
        std::string trouble{};
    };

    asio::awaitable<void> repeat(std::shared_ptr<Loop> loop);
    asio::awaitable<void> rest(
        std::shared_ptr<Loop> loop, std::uint64_t seen, std::chrono::milliseconds wait
    );
    asio::awaitable<std::chrono::milliseconds> pass(std::shared_ptr<Loop> loop);
    asio::awaitable<void> listen();

    std::vector<std::shared_ptr<Loop>> loops_;
    postgres::ChannelListener listener_;
    net::Notification changed_;
    std::uint64_t notified_ = 0;
    std::size_t running_ = 0;
    bool draining_ = false;
    net::TaskGroup listening_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::deletion
