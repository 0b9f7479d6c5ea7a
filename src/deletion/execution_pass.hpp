#pragma once

#include "deletion/clock_stop.hpp"
#include "deletion/daily_limits.hpp"
#include "deletion/deletion_store.hpp"
#include "deletion/execution_guard.hpp"
#include "deletion/journal.hpp"
#include "deletion/pass.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace chatear::deletion {

/// Executes what is due, up to the day's limit (rules 8 to 11).
class ExecutionPass final : public Pass {
public:
    /// Everything must outlive it.
    struct Parts {
        DeletionStore& store;
        DailyLimits& limits;
        ExecutionGuard& guard;
        Journal& journal;
        ClockStop& clock;
    };

    ExecutionPass(Parts parts, int daily_limit, std::chrono::milliseconds recovery_period)
        : parts_(parts), daily_limit_(daily_limit), recovery_period_(recovery_period) {}

    asio::awaitable<std::chrono::milliseconds> run() override;
    void drain() override { draining_ = true; }
    asio::awaitable<void> stop() override;

private:
    using Ids = std::vector<std::string>;
    using Blocked = std::map<std::string, int>;  // Due deletions, and at how many passes they were.

    asio::awaitable<std::chrono::milliseconds> execute_all(DayState day, Ids ids);
    /// What came of one; without an answer it cannot be executed for a reason of its own.
    struct Tried {
        std::optional<ExecutionAnswer> answer{};
        std::string why{};
        bool count_stays = false;  ///< In Redis.
    };
    asio::awaitable<std::optional<ExecutionAnswer>> execute_one(
        DayState day, std::string deletion_id
    );
    asio::awaitable<Tried> try_one(ExecutionRequest request);
    asio::awaitable<void> take_back(std::string day, std::string deletion_id);
    /// Whether the pass ends with this answer, and how long the next may wait then.
    std::optional<std::chrono::milliseconds> end_with(ExecutionAnswer answer, DayState& day);
    asio::awaitable<std::chrono::milliseconds> until_next();
    void note(std::string obstacle);
    void note_blocked(Blocked blocked);
    std::chrono::milliseconds limited(const DayState& day);

    Parts parts_;
    int daily_limit_;
    std::chrono::milliseconds recovery_period_;
    std::string obstacle_;  // What was last in the way, so that it is logged once.
    Blocked blocked_;
    bool draining_ = false;
};

}  // namespace chatear::deletion
