#include "deletion/erasure_pass.hpp"

#include "base/error.hpp"

#include <utility>

namespace chatear::deletion {

using std::chrono::milliseconds;

asio::awaitable<milliseconds> ErasurePass::run() {
    const DayState day = co_await parts_.store.day_state();
    const bool sound = co_await parts_.clock.sound(day.now);
    if (!sound || day.executions_stopped) {
        co_return longest_wait;
    }
    const Result<void> prepared = co_await parts_.erasure.prepare();
    if (!prepared) {  // The table has changed since the start.
        throw Unavailable("postgres", "users", prepared.error().message);
    }
    co_await erase_all();
    co_return every;
}

asio::awaitable<void> ErasurePass::erase_all() {
    constexpr std::size_t at_once = 64;
    std::map<std::string, int> waiting;
    std::optional<ErasureStore::Due> behind;
    std::vector<ErasureStore::Due> due = co_await parts_.erasure.due(behind, at_once);
    while (!due.empty()) {
        for (const ErasureStore::Due& one : due) {
            if (draining_) {
                co_return;
            }
            const Erasure erasure =
                co_await parts_.erasure.erase(one.deletion_id, ErasureStore::Mode::carry_out);
            int rounds = 0;
            if (erasure.answer == ErasureAnswer::mail_on_way) {
                rounds = waiting_[one.deletion_id] + 1;
                waiting[one.deletion_id] = rounds;
            }
            parts_.journal.erased(erasure, rounds);
        }
        behind = due.back();
        due = co_await parts_.erasure.due(behind, at_once);
    }
    waiting_ = std::move(waiting);
}

}  // namespace chatear::deletion
