#pragma once

#include "net/task_group.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <exception>
#include <functional>

namespace chatear::admin {

namespace asio = boost::asio;

/// Several coroutines that do one kind of work until there is no more, or one of them fails.
class Crew {
public:
    /// `step` does one piece of work; false = there is no more. It must outlive run().
    using Step = std::function<asio::awaitable<bool>()>;

    explicit Crew(const asio::any_io_executor& executor) : tasks_(executor) {}

    /// Runs `members` of them. What the first that failed threw is thrown once all have ended; the
    /// others finish the piece that they are at.
    asio::awaitable<void> run(std::size_t members, Step step);

private:
    asio::awaitable<void> member(const Step& step);

    std::exception_ptr error_;
    bool finished_ = false;
    net::TaskGroup tasks_;
};

}  // namespace chatear::admin
