// What keeps one deletion from being executed, and none behind it.
#include "base/error.hpp"
#include "deletion_fixture.hpp"

#include <chrono>
#include <utility>

namespace chatear::deletion {
namespace {

using Seconds = std::chrono::duration<double>;

class BlockedExecution : public DeletionTest {
protected:
    static asio::awaitable<std::string> try_to_execute(
        Process& by, std::string id, std::string day
    ) {
        std::string why;
        try {
            const ExecutionAnswer answer =
                co_await execute_one(by.store, std::move(id), std::move(day));
            why = answer == ExecutionAnswer::executed ? "executed" : "answered";
        } catch (const ExecutionBlocked& blocked) {
            why = blocked.what();
        }
        co_return why;
    }

    /// "executed", or why it is blocked.
    std::string execute(const std::string& id) {
        const std::string day = today();
        std::string why;
        run([&]() -> asio::awaitable<void> { why = co_await try_to_execute(a_, id, day); });
        return why;
    }

    std::string status(const std::string& id) {
        return sql("SELECT status FROM user_deletions WHERE id::text = '" + id + "'");
    }

    Process& a_ = process();
    const std::string anns_ = due_deletion(user());
    const std::string bobs_ = due_deletion(user("bob@example.test"));
};

TEST_F(BlockedExecution, Rule8AnAccountThatTheProductHasLockedIsWaitedForASecondAtMost) {
    while_locked("SELECT FROM users WHERE email = 'ann@example.test' FOR UPDATE", [&] {
        const auto begin = std::chrono::steady_clock::now();
        EXPECT_EQ(execute(anns_), "another transaction has its row or its account's");
        EXPECT_LT(Seconds(std::chrono::steady_clock::now() - begin).count(), 4);
        EXPECT_EQ(execute(bobs_), "executed");
    });
    EXPECT_EQ(status(anns_), "scheduled");
    EXPECT_EQ(sql("SELECT count(*) FROM daily_slots"), "1");
    EXPECT_EQ(execute(anns_), "executed");
}

TEST_F(BlockedExecution, Rule8AlsoWhereAStatementHasLessTimeThanThat) {
    postgres::ConnectionOptions hasty = options(3);
    hasty.statement_timeout = std::chrono::milliseconds(300);
    Process quick(context_.get_executor(), hasty);
    quick.pool.start();
    const std::string day = today();
    const auto execute_quickly = [&](const std::string& id) {
        std::string why;
        run([&]() -> asio::awaitable<void> { why = co_await try_to_execute(quick, id, day); });
        return why;
    };
    while_locked("SELECT FROM users WHERE email = 'ann@example.test' FOR UPDATE", [&] {
        EXPECT_EQ(execute_quickly(anns_), "another transaction has its row or its account's");
        EXPECT_EQ(execute_quickly(bobs_), "executed");
    });
    EXPECT_EQ(execute_quickly(anns_), "executed");
    run([&]() -> asio::awaitable<void> { co_await quick.pool.stop(); });
}

TEST_F(BlockedExecution, Rule8SoIsADeletionsOwnRow) {
    while_locked("SELECT FROM user_deletions WHERE id = '" + anns_ + "' FOR UPDATE", [&] {
        EXPECT_EQ(execute(anns_), "another transaction has its row or its account's");
        EXPECT_EQ(execute(bobs_), "executed");
    });
    EXPECT_EQ(execute(anns_), "executed");
}

// 57014 is what a time limit says, 55P03 a lock that the trigger waited for.
TEST_F(BlockedExecution, Rule8ATriggerThatFailsOrIsSlowKeepsItsOwnAccountOnly) {
    for (const std::string sqlstate : {"42501", "57014", "55P03"}) {
        raise(sqlstate);
        const std::string why = execute(anns_);
        EXPECT_NE(why, "executed") << sqlstate;
        EXPECT_NE(why, "answered") << sqlstate;
        EXPECT_EQ(why.find("ann@example.test"), std::string::npos) << why;
        EXPECT_EQ(status(anns_), "scheduled") << sqlstate;
    }
    EXPECT_EQ(execute(bobs_), "executed");
    sql("DROP TRIGGER fails ON users");
    EXPECT_EQ(execute(anns_), "executed");
}

TEST_F(BlockedExecution, ATriggerThatKeepsTheRowAsItIsHoldsItsDeletion) {
    keep_as_it_is();
    EXPECT_EQ(execute(anns_), "answered");
    EXPECT_EQ(status(anns_), "held");
    EXPECT_EQ(execute(bobs_), "executed");
}

// Everybody's lock: whoever has it keeps all, and the pass ends.
TEST_F(BlockedExecution, TheAuditLogsLockIsNobodysOwn) {
    while_locked("SELECT pg_advisory_xact_lock(7234109856120441)", [&] {
        EXPECT_THROW(execute(anns_), Unavailable);
    });
    EXPECT_EQ(status(anns_), "scheduled");
    EXPECT_EQ(sql("SELECT count(*) FROM users WHERE is_deleted"), "0");
    EXPECT_EQ(execute(anns_), "executed");
}

TEST_F(BlockedExecution, Rule10WhatALongerRecoveryPeriodPutsOffIsDueOnceMoreThen) {
    ExecutionRequest request;
    request.deletion_id = anns_;
    request.day = today();
    request.recovery_period = std::chrono::hours(48);
    std::vector<std::string> due;
    run([&]() -> asio::awaitable<void> {
        const ExecutionAnswer first = co_await a_.store.execute(request);
        EXPECT_EQ(first, ExecutionAnswer::changed);
        due = co_await a_.store.due_executions("", 10);
    });
    EXPECT_EQ(due, std::vector<std::string>{bobs_});
    EXPECT_EQ(
        sql("SELECT status, scheduled_at - recovery_sent_at FROM user_deletions WHERE id = '" +
            anns_ + "'"),
        "scheduled|2 days"
    );
    EXPECT_EQ(audited(), "deletion.put_off");
    EXPECT_EQ(told(), "user.deletion.scheduled");
}

}  // namespace
}  // namespace chatear::deletion
