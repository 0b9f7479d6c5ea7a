#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>

namespace chatear::deletion {

namespace asio = boost::asio;

/// One look at what is due, with all that is done about it. A Scheduler repeats it.
class Pass {
public:
    /// A pass is made at least so often (rule 12).
    static constexpr std::chrono::milliseconds longest_wait{15'000};
    /// Before the next one, where something is due that cannot be done now.
    static constexpr std::chrono::milliseconds shortest_wait{1'000};

    virtual ~Pass() = default;

    /// How long the next may wait. What it began may go on. Throws Unavailable.
    virtual asio::awaitable<std::chrono::milliseconds> run() = 0;

    /// The process stops: what is under way ends, nothing else begins.
    virtual void drain() = 0;

    /// Returns when what it began has ended.
    virtual asio::awaitable<void> finished() { co_return; }

    /// Ends what it runs itself; run() is not being awaited any more.
    virtual asio::awaitable<void> stop() = 0;
};

/// What a pass should wait, by what the store says is due next.
std::chrono::milliseconds wait_for(std::optional<std::chrono::milliseconds> until_next_due);

}  // namespace chatear::deletion
