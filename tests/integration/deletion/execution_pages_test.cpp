// A whole pass over PostgreSQL's store, where more is due than it reads at once.
#include "base/clock.hpp"
#include "deletion/daily_limits.hpp"
#include "deletion/execution_pass.hpp"
#include "deletion_fixture.hpp"
#include "unit/deletion/fakes.hpp"

#include <functional>
#include <string>
#include <utility>

namespace chatear::deletion {
namespace {

/// Without limits. What the test wants to happen in the middle of a pass happens at the first
/// count.
class InTheMiddle final : public DailyLimits {
public:
    asio::awaitable<bool> count_execution(
        std::string /*day*/, std::string /*deletion_id*/, int /*known*/, int /*limit*/
    ) override {
        if (happens) {
            std::exchange(happens, nullptr)();
        }
        co_return true;
    }
    asio::awaitable<void> uncount_execution(
        std::string /*day*/, std::string /*deletion_id*/
    ) override {
        co_return;
    }
    asio::awaitable<bool> count_mail(
        std::string /*user_id*/,
        std::string /*day*/,
        std::string /*holder*/,
        int /*known*/,
        int /*limit*/
    ) override {
        co_return true;
    }

    std::function<void()> happens;
};

class ExecutionPages : public DeletionTest {
protected:
    /// So many that are due, and one more in a minute.
    void due_and_one_later(int count) {
        const std::string due = std::to_string(count);
        sql("INSERT INTO users (email) SELECT n || '@example.test' FROM generate_series(0, " + due +
            ") n");
        sql("INSERT INTO user_deletions (user_id, status, recovery_sent_at, scheduled_at, "
            "address_hash) SELECT id, 'scheduled', at, at + interval '24 hours', "
            "encode(sha256(email::bytea), 'hex') FROM (SELECT id, email, now() - CASE email WHEN "
            "'0@example.test' THEN interval '23 hours 59 minutes' ELSE interval '25 hours' END AS "
            "at FROM users) u");
        sql("INSERT INTO email_sends (event_id, status, sent_at, kept) SELECT id || '.1', 'sent', "
            "now(), true FROM user_deletions");
    }

    std::string states() {
        return sql("SELECT status, count(*) FROM user_deletions GROUP BY 1 ORDER BY 1");
    }
};

// Rule 11: whether a recovery of it is on its way was asked before its time came, so that it was
// not asked for it.
TEST_F(ExecutionPages, Rule11WhatBecomesDueBehindTheFirstPageWaitsForTheNextPass) {
    Process& a = process();
    due_and_one_later(64);
    InTheMiddle limits;
    FakeGuard guard;
    runtime::Metrics metrics;
    Journal journal(metrics);
    const SystemClock clock;
    ClockStop stop(a.store, journal, clock);
    ExecutionPass pass({a.store, limits, guard, journal, stop}, 1000, hours(24));
    limits.happens = [&] {
        sql("UPDATE user_deletions SET recovery_sent_at = clock_timestamp() - interval '24 hours', "
            "scheduled_at = clock_timestamp() WHERE scheduled_at > now()");
    };
    const auto once = [&]() -> asio::awaitable<void> { (void)co_await pass.run(); };
    run(once);
    EXPECT_EQ(states(), "executed|64\nscheduled|1");
    EXPECT_EQ(guard.asked, 1);
    run(once);
    EXPECT_EQ(states(), "executed|65");
    EXPECT_EQ(guard.asked, 2);
}

}  // namespace
}  // namespace chatear::deletion
