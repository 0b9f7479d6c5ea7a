#include "deletion/execution_pass.hpp"

#include "base/assert.hpp"
#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "net/task_group.hpp"

#include <algorithm>
#include <utility>

namespace chatear::deletion {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t ids_at_once = 64;

}  // namespace

asio::awaitable<milliseconds> ExecutionPass::run() {
    const DayState day = co_await parts_.store.day_state();
    const bool sound = co_await parts_.clock.sound(day.now);
    if (!sound) {
        co_return shortest_wait;
    }
    parts_.journal.stopped(day.executions_stopped.value_or(""));
    std::string first;
    Ids ids = co_await parts_.store.due_executions(std::move(first), ids_at_once);
    const bool something_due = !ids.empty() && !day.executions_stopped;
    if (!something_due) {
        note_blocked({});
        co_await parts_.guard.look_at_dead_letters();
        if (day.executions_stopped) {
            co_return longest_wait;
        }
        co_return co_await until_next();
    }
    if (day.executed >= daily_limit_) {
        note_blocked({});
        co_return limited(day);
    }
    const std::optional<std::string> obstacle = co_await parts_.guard.obstacle(day);
    note(obstacle.value_or(""));
    if (obstacle) {
        co_return shortest_wait;
    }
    co_return co_await execute_all(day, std::move(ids));
}

/// Said when it changes.
void ExecutionPass::note(std::string obstacle) {
    if (obstacle == obstacle_) {
        return;
    }
    obstacle_ = std::move(obstacle);
    if (obstacle_.empty()) {
        log::info("no recovery is in the way of what is due any more");
    } else {
        log::info("what is due waits for recoveries", {{"reason", obstacle_}});
    }
}

/// What is under way is the caller's task.
asio::awaitable<void> ExecutionPass::stop() {
    co_return;
}

/// In their order; one that is held, fails, is not proven or is blocked keeps none behind it.
asio::awaitable<milliseconds> ExecutionPass::execute_all(DayState day, Ids ids) {
    Blocked blocked;
    while (!ids.empty()) {
        for (const std::string& id : ids) {
            if (draining_) {
                co_return milliseconds(0);
            }
            if (day.executed >= daily_limit_) {
                note_blocked(std::move(blocked));
                co_return limited(day);
            }
            const std::optional<ExecutionAnswer> answer = co_await execute_one(day, id);
            if (!answer) {
                blocked[id] = blocked_[id];
                continue;
            }
            const std::optional<milliseconds> end = end_with(*answer, day);
            if (end) {
                co_return *end;
            }
        }
        std::string last = ids.back();
        ids = co_await parts_.store.due_executions(std::move(last), ids_at_once);
    }
    const bool some_are_blocked = !blocked.empty();
    note_blocked(std::move(blocked));
    // Whoever has their rows may have them for long: they are not asked for every second.
    if (some_are_blocked) {
        co_return longest_wait;
    }
    co_return co_await until_next();
}

/// Those that this pass met. Others were recovered, or executed by another instance.
void ExecutionPass::note_blocked(Blocked blocked) {
    blocked_ = std::move(blocked);
    parts_.journal.blocked_now(blocked_.size());
}

std::optional<milliseconds> ExecutionPass::end_with(ExecutionAnswer answer, DayState& day) {
    switch (answer) {
        case ExecutionAnswer::executed:
        case ExecutionAnswer::executed_elsewhere:
            ++day.executed;
            return std::nullopt;
        case ExecutionAnswer::changed:
        case ExecutionAnswer::not_yet:
            return std::nullopt;
        case ExecutionAnswer::pass_over:
            note("a recovery is being worked on, or executions were stopped");
            return shortest_wait;
        case ExecutionAnswer::limit_reached:
            return limited(day);
        case ExecutionAnswer::busy:
            return shortest_wait;
        case ExecutionAnswer::day_over:
            return milliseconds(0);
    }
    CHATEAR_ASSERT(false && "an answer");
    return shortest_wait;
}

/// Rule 9: counted in Redis before, so that a count may be lost on the safe side only.
asio::awaitable<std::optional<ExecutionAnswer>> ExecutionPass::execute_one(
    DayState day, std::string deletion_id
) {
    const bool counted =
        co_await parts_.limits.count_execution(day.day, deletion_id, day.executed, daily_limit_);
    if (!counted) {
        co_return ExecutionAnswer::limit_reached;
    }
    ExecutionRequest request;
    request.deletion_id = deletion_id;
    request.day = day.day;
    request.limit = daily_limit_;
    request.recovery_period = recovery_period_;
    request.due_by = day.now;
    Tried tried = co_await try_one(std::move(request));
    if (tried.answer) {
        parts_.journal.executed(deletion_id, *tried.answer);
    } else {
        parts_.journal.blocked(deletion_id, tried.why, ++blocked_[deletion_id]);
    }
    if (!tried.count_stays) {
        co_await take_back(day.day, std::move(deletion_id));
    }
    co_return tried.answer;
}

/// An outage ends the pass; anything else that goes wrong is this deletion's own.
asio::awaitable<ExecutionPass::Tried> ExecutionPass::try_one(ExecutionRequest request) {
    Tried tried;
    try {
        const ExecutionAnswer answer = co_await parts_.store.execute(std::move(request));
        crash_point("after-execution");
        tried.answer = answer;
        // With the last two another instance counted it, and has it in hand or has executed it.
        tried.count_stays = answer == ExecutionAnswer::executed ||
                            answer == ExecutionAnswer::busy ||
                            answer == ExecutionAnswer::executed_elsewhere;
    } catch (const ExecutionBlocked& blocked) {
        tried.why = blocked.what();
    } catch (const Unavailable&) {
        throw;
    } catch (const std::exception& error) {
        if (net::is_stop(error)) {
            throw;
        }
        tried.why = error.what();
        tried.count_stays = true;  // Nobody knows how far it came.
    }
    co_return tried;
}

asio::awaitable<void> ExecutionPass::take_back(std::string day, std::string deletion_id) {
    try {
        co_await parts_.limits.uncount_execution(std::move(day), std::move(deletion_id));
    } catch (const Unavailable& unavailable) {
        log::debug("a deletion that did not happen stays counted", {{"reason", unavailable.why()}});
    }
}

asio::awaitable<milliseconds> ExecutionPass::until_next() {
    const std::optional<milliseconds> due = co_await parts_.store.until_next_due();
    co_return wait_for(due);
}

/// The rest go on the next UTC day, from its first moment on.
milliseconds ExecutionPass::limited(const DayState& day) {
    parts_.journal.limited(day.day, daily_limit_);
    const auto left = std::chrono::ceil<milliseconds>(next_utc_day(day.now) - day.now);
    return std::clamp(left, milliseconds(1), longest_wait);
}

}  // namespace chatear::deletion
