#include "net/task_group.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include <cstdlib>
#include <exception>
#include <list>
#include <utility>

namespace chatear::net {

struct TaskGroup::State {
    struct Task {
        std::string name;
        asio::cancellation_signal stop;
    };

    explicit State(const asio::any_io_executor& executor) : ended(executor) {}

    std::list<Task> tasks;
    bool stopping = false;
    Notification ended;
};

namespace {

void check_end(const std::string& name, const std::exception_ptr& error, bool stopping) {
    if (!error) {
        return;
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& thrown) {
        if (is_stop(thrown)) {
            if (!stopping) {
                // What it waited for was stopped under it: it may be missed from now on.
                log::error("a task ended as if stopped, and nobody stopped it", {{"task", name}});
            }
            return;
        }
        log::error(
            "a task ended by an exception that nobody expected",
            {{"task", name}, {"error", thrown.what()}}
        );
    }
    std::abort();
}

/// co_spawn alone would run the task up to its first wait within start().
asio::awaitable<void> run_in_next_turn(asio::awaitable<void> task) {
    co_await asio::post(asio::use_awaitable);
    co_await std::move(task);
}

}  // namespace

TaskGroup::TaskGroup(const asio::any_io_executor& executor)
    : executor_(executor), state_(std::make_shared<State>(executor)) {}

TaskGroup::~TaskGroup() = default;

void TaskGroup::start(std::string name, asio::awaitable<void> task) {
    if (state_->stopping) {
        return;
    }
    const auto entry = state_->tasks.emplace(state_->tasks.end());
    entry->name = std::move(name);
    auto on_end = [state = state_, entry](const std::exception_ptr& error) {
        check_end(entry->name, error, state->stopping);
        state->tasks.erase(entry);
        state->ended.notify_all();
    };
    asio::co_spawn(
        executor_,
        run_in_next_turn(std::move(task)),
        asio::bind_cancellation_slot(entry->stop.slot(), std::move(on_end))
    );
}

void TaskGroup::request_stop() {
    state_->stopping = true;
    for (auto task = state_->tasks.begin(); task != state_->tasks.end();) {
        // A task may end, and leave the list, within emit().
        const auto current = task++;
        current->stop.emit(asio::cancellation_type::terminal);
    }
}

asio::awaitable<void> TaskGroup::stop() {
    request_stop();
    co_await join();
}

asio::awaitable<void> TaskGroup::join() {
    const std::shared_ptr<State> state = state_;
    while (!state->tasks.empty()) {
        co_await state->ended.wait();
    }
}

std::size_t TaskGroup::size() const {
    return state_->tasks.size();
}

bool TaskGroup::stopping() const {
    return state_->stopping;
}

bool is_stop(const std::exception& error) {
    const auto* system = dynamic_cast<const boost::system::system_error*>(&error);
    return system != nullptr && system->code() == asio::error::operation_aborted;
}

}  // namespace chatear::net
