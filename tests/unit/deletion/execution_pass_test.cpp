#include "deletion/execution_pass.hpp"

#include "fakes.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::SizeIs;

class Executions : public testing::Test {
protected:
    milliseconds pass() { return pass_of(pass_); }

    static milliseconds pass_of(ExecutionPass& instance) {
        asio::io_context context;
        milliseconds wait{};
        const auto body = [&]() -> asio::awaitable<void> { wait = co_await instance.run(); };
        test::run_coroutine(context, body);
        return wait;
    }

    void due(int count) {
        for (int i = 0; i < count; ++i) {
            store_.executions.push_back("d" + std::to_string(i));
        }
    }

    FakeDeletionStore store_;
    test::MemoryDailyLimits limits_;
    FakeGuard guard_;
    ManualClock clock_{at(3)};
    runtime::Metrics metrics_;
    Journal journal_{metrics_};
    ClockStop stop_{store_, journal_, clock_};
    ExecutionPass pass_{{store_, limits_, guard_, journal_, stop_}, 10, hours(24)};
};

TEST_F(Executions, Rule8TheFirstTenGoAndTheRestWaitForTheNextUtcDay) {
    due(12);
    store_.day.now = at(23, 59) + seconds(50);
    EXPECT_EQ(pass(), seconds(10));
    EXPECT_THAT(store_.executed, SizeIs(10));
    EXPECT_EQ(store_.executed.back(), "d9");
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), SizeIs(10));
}

TEST_F(Executions, Rule8OneThatCannotBeExecutedDoesNotBlockThoseBehindIt) {
    due(13);
    store_.on_execute = [](const ExecutionRequest& request) {
        if (request.deletion_id == "d0") {
            return ExecutionAnswer::changed;
        }
        return request.deletion_id == "d1" ? ExecutionAnswer::not_yet : ExecutionAnswer::executed;
    };
    pass();
    EXPECT_THAT(store_.executed, SizeIs(12));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), SizeIs(10));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), Not(Contains("d0")));
}

// Its row, or its account's, is locked, or a trigger of the product's fails.
TEST_F(Executions, Rule8OneThatIsBlockedKeepsNoneBehindItAndIsTriedAgain) {
    due(3);
    bool locked = true;
    store_.on_execute = [&](const ExecutionRequest& request) {
        if (request.deletion_id == "d0" && locked) {
            throw ExecutionBlocked("another transaction has its row");
        }
        return ExecutionAnswer::executed;
    };
    EXPECT_EQ(pass(), Pass::longest_wait);
    EXPECT_THAT(store_.executed, ElementsAre("d0", "d1", "d2"));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), ElementsAre("d1", "d2"));
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_blocked 1"));
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_total{step=\"blocked\"} 1"));
    store_.executions = {"d0"};
    locked = false;
    pass();
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), ElementsAre("d0", "d1", "d2"));
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_blocked 0"));
}

TEST_F(Executions, OneThatWasRecoveredIsBlockedNoLonger) {
    due(1);
    store_.on_execute = [](const ExecutionRequest& request) -> ExecutionAnswer {
        if (request.deletion_id == "d0") {
            throw ExecutionBlocked("another transaction has its row");
        }
        return ExecutionAnswer::executed;
    };
    pass();
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_blocked 1"));
    store_.executions = {"d1"};
    pass();
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_blocked 0"));
    EXPECT_THAT(store_.executed, ElementsAre("d0", "d1"));
}

TEST_F(Executions, Rule9WhatFailsAsNobodyForesawKeepsNoneBehindItAndStaysCounted) {
    due(2);
    store_.on_execute = [](const ExecutionRequest& request) {
        if (request.deletion_id == "d0") {
            throw std::runtime_error("PostgreSQL refuses a value");
        }
        return ExecutionAnswer::executed;
    };
    EXPECT_EQ(pass(), Pass::longest_wait);
    EXPECT_THAT(store_.executed, ElementsAre("d0", "d1"));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), ElementsAre("d0", "d1"));
}

TEST_F(Executions, AnOutageEndsThePass) {
    due(3);
    store_.on_execute = [](const ExecutionRequest& request) -> ExecutionAnswer {
        if (request.deletion_id == "d1") {
            throw Unavailable("postgres", "test:1", "the server shuts down");
        }
        return ExecutionAnswer::executed;
    };
    EXPECT_THROW(pass(), Unavailable);
    EXPECT_THAT(store_.executed, ElementsAre("d0", "d1"));
}

TEST_F(Executions, Rule9WhatPostgresKnowsIsToldToRedisEachTime) {
    due(3);
    store_.day.executed = 4;
    pass();
    EXPECT_THAT(limits_.asked(), ElementsAre(Pair("d0", 4), Pair("d1", 5), Pair("d2", 6)));
}

TEST_F(Executions, Rule9WhatOthersCountedIsRespected) {
    due(5);
    limits_.count_for_others("global:deletion:count:2026-11-25", 8);
    pass();
    EXPECT_THAT(store_.executed, SizeIs(2));
}

TEST_F(Executions, Rule9PostgresIsTheJudge) {
    due(5);
    store_.on_execute = [](const ExecutionRequest&) { return ExecutionAnswer::limit_reached; };
    pass();
    EXPECT_THAT(store_.executed, SizeIs(1));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), IsEmpty());
}

TEST_F(Executions, Rule9WithoutRedisNobodyIsDeleted) {
    due(1);
    limits_.down = true;
    EXPECT_THROW(pass(), Unavailable);
    EXPECT_THAT(store_.executed, IsEmpty());
}

TEST_F(Executions, Rule9ACountWhoseExecutionIsUnknownStays) {
    due(1);
    store_.on_execute = [](const ExecutionRequest&) -> ExecutionAnswer {
        throw Unavailable("postgres", "test:1", "the connection broke at the commit");
    };
    EXPECT_THROW(pass(), Unavailable);
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), SizeIs(1));
}

TEST_F(Executions, Rule8AChangeOfDayInTheMiddleBeginsANewPassUnderTheNewKey) {
    due(3);
    store_.on_execute = [](const ExecutionRequest& request) {
        return request.deletion_id == "d1" && request.day == "2026-11-25"
                   ? ExecutionAnswer::day_over
                   : ExecutionAnswer::executed;
    };
    EXPECT_EQ(pass(), milliseconds(0));
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), ElementsAre("d0"));
    store_.day = DayState{.now = at(0, 0, 26), .day = "2026-11-26"};
    clock_.advance(hours(12));
    store_.executions = {"d1", "d2"};
    pass();
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-26"), ElementsAre("d1", "d2"));
}

TEST_F(Executions, Rule8AnotherInstanceAtWorkEndsThePass) {
    due(3);
    store_.on_execute = [](const ExecutionRequest&) { return ExecutionAnswer::busy; };
    EXPECT_EQ(pass(), Pass::shortest_wait);
    EXPECT_THAT(store_.executed, SizeIs(1));
}

TEST_F(Executions, Rule9WhatAnotherInstanceCountedStaysCounted) {
    due(2);
    store_.on_execute = [](const ExecutionRequest& request) {
        return request.deletion_id == "d0" ? ExecutionAnswer::executed_elsewhere
                                           : ExecutionAnswer::busy;
    };
    pass();
    EXPECT_THAT(limits_.holders("global:deletion:count:2026-11-25"), ElementsAre("d0", "d1"));
}

TEST_F(Executions, Rule11APassEndsWhereNothingMayBeExecuted) {
    due(3);
    store_.on_execute = [](const ExecutionRequest&) { return ExecutionAnswer::pass_over; };
    EXPECT_EQ(pass(), Pass::shortest_wait);
    EXPECT_THAT(store_.executed, SizeIs(1));
}

TEST_F(Executions, Rule11WhatBecameDueAfterThePassBeganIsTheNextOnes) {
    due(1);
    Time due_by{};
    store_.on_execute = [&](const ExecutionRequest& request) {
        due_by = request.due_by;
        return ExecutionAnswer::executed;
    };
    pass();
    EXPECT_EQ(due_by, store_.day.now);
}

TEST_F(Executions, Rule10AClockThatWasSetAheadStopsThemUntilAPersonLooked) {
    pass();
    due(1);
    clock_.advance(seconds(15));
    store_.day.now += hours(25);
    pass();
    EXPECT_THAT(store_.executed, IsEmpty());
    EXPECT_TRUE(store_.day.executions_stopped.has_value());
    EXPECT_EQ(pass(), Pass::longest_wait);
    EXPECT_THAT(store_.executed, IsEmpty());
    store_.day.executions_stopped.reset();
    pass();
    EXPECT_THAT(store_.executed, SizeIs(1));
}

TEST_F(Executions, Rule10TwoInstancesThatMeasureDifferentGainsStopForOneReason) {
    const auto reason_after = [this](milliseconds gain) {
        store_.day.executions_stopped.reset();
        ManualClock clock{at(3)};
        ClockStop stop(store_, journal_, clock);
        ExecutionPass instance({store_, limits_, guard_, journal_, stop}, 10, hours(24));
        pass_of(instance);
        store_.day.now += gain;
        pass_of(instance);
        return store_.day.executions_stopped.value_or("");
    };
    const std::string first = reason_after(hours(25));
    EXPECT_THAT(first, HasSubstr("set ahead"));
    EXPECT_EQ(reason_after(hours(25) + seconds(1)), first);
}

// Nobody is stopped until the stop stands in the database: the gain must not be forgotten.
TEST_F(Executions, Rule10AGainWhoseStopCouldNotBeWrittenIsFoundAgain) {
    pass();
    due(1);
    clock_.advance(seconds(15));
    store_.day.now += hours(25);
    store_.breaks_at = "stop_executions";
    EXPECT_THROW(pass(), std::runtime_error);
    EXPECT_THROW(pass(), std::runtime_error);
    store_.breaks_at.clear();
    pass();
    EXPECT_TRUE(store_.day.executions_stopped.has_value());
    EXPECT_THAT(store_.executed, IsEmpty());
}

TEST_F(Executions, Rule11NothingIsExecutedWhileARecoveryIsOnItsWay) {
    due(1);
    guard_.answer = "a user.recover waits in the outbox";
    EXPECT_EQ(pass(), Pass::shortest_wait);
    EXPECT_THAT(store_.executed, IsEmpty());
    EXPECT_THAT(limits_.asked(), IsEmpty());
    guard_.answer.reset();
    pass();
    EXPECT_THAT(store_.executed, SizeIs(1));
}

TEST_F(Executions, Rule11DeadLettersAreLookedAtAlsoWhenNothingIsDue) {
    pass();
    EXPECT_EQ(guard_.looked, 1);
    EXPECT_EQ(guard_.asked, 0);
}

TEST_F(Executions, Rule12WaitsForWhatIsDueNextAndNeverLongerThan15Seconds) {
    EXPECT_EQ(pass(), seconds(15));
    store_.next_due = hours(3);
    EXPECT_EQ(pass(), seconds(15));
    store_.next_due = milliseconds(1234);
    EXPECT_EQ(pass(), milliseconds(1235));
    store_.next_due = milliseconds(0);
    EXPECT_EQ(pass(), Pass::shortest_wait);
}

TEST_F(Executions, NothingBeginsWhileTheProcessStops) {
    due(3);
    pass_.drain();
    pass();
    EXPECT_THAT(store_.executed, IsEmpty());
}

TEST_F(Executions, ALimitOfNoneExecutesNobody) {
    due(1);
    ExecutionPass none({store_, limits_, guard_, journal_, stop_}, 0, hours(24));
    asio::io_context context;
    const auto body = [&]() -> asio::awaitable<void> { (void)co_await none.run(); };
    test::run_coroutine(context, body);
    EXPECT_THAT(store_.executed, IsEmpty());
}

}  // namespace
}  // namespace chatear::deletion
