// Rules 6 and 9: the counters in Redis, which can only forbid.
#include "base/error.hpp"
#include "support/conformance/daily_limits_contract.hpp"

namespace chatear::conformance {

bool DailyLimitsContract::reached(const std::function<asio::awaitable<void>()>& call) {
    try {
        world().run(call);
        return true;
    } catch (const Unavailable&) {
        return false;
    }
}

std::optional<bool> DailyLimitsContract::count(
    const std::string& deletion_id, int known, const std::string& on
) {
    bool counted = false;
    const auto call = [&]() -> asio::awaitable<void> {
        counted = co_await world().limits().count_execution(on, deletion_id, known, limit);
    };
    return reached(call) ? std::optional(counted) : std::nullopt;
}

bool DailyLimitsContract::uncount(const std::string& deletion_id) {
    return reached([&] { return world().limits().uncount_execution(day, deletion_id); });
}

std::optional<bool> DailyLimitsContract::count_mail(
    const std::string& holder, int known, const std::string& user_id
) {
    bool counted = false;
    const auto call = [&]() -> asio::awaitable<void> {
        counted = co_await world().limits().count_mail(user_id, day, holder, known, 2);
    };
    return reached(call) ? std::optional(counted) : std::nullopt;
}

namespace {

TEST_P(DailyLimitsContract, Rule9CountsEachDeletionOnceAndNoneOverTheLimit) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 1), true);
    EXPECT_EQ(count("b", 1), true);
    EXPECT_EQ(world().value(executions), 2);
    EXPECT_EQ(count("c", 2), true);
    EXPECT_EQ(count("d", 3), false);
    EXPECT_EQ(count("a", 3), true) << "who is counted stays so, also when the day is full";
}

TEST_P(DailyLimitsContract, Rule9EachDayHasItsOwnCount) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("a", 0, "2026-11-26"), true);
    EXPECT_EQ(world().value(executions), 1);
    EXPECT_EQ(world().value("global:deletion:count:2026-11-26"), 1);
}

TEST_P(DailyLimitsContract, Rule9ALostCounterIsRaisedToWhatPostgresKnows) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 1), true);
    world().lose_everything();
    EXPECT_EQ(count("c", 2), true);
    EXPECT_EQ(count("d", 3), false);
    EXPECT_EQ(world().value(executions), 3);
}

TEST_P(DailyLimitsContract, Rule9ACounterThatWasSetBackIsRaisedAlsoForOneThatIsCountedAlready) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 1), true);
    EXPECT_EQ(count("c", 2), true);
    world().set(executions, 0);
    EXPECT_EQ(count("c", 2), true);
    EXPECT_EQ(world().value(executions), 3);
    EXPECT_EQ(count("d", 2), false);
}

TEST_P(DailyLimitsContract, Rule9ACounterIsNeverLowered) {
    EXPECT_EQ(count("a", 0), true);
    world().count_for_others(executions, 1);
    EXPECT_EQ(count("b", 0), true);
    EXPECT_EQ(world().value(executions), 3);
    EXPECT_EQ(count("c", 0), false);
    EXPECT_EQ(world().value(executions), 3);
}

TEST_P(DailyLimitsContract, Rule9AnotherSystemThatCountsInTheSameKeyIsRespected) {
    world().count_for_others(executions, 2);
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 0), false);
    world().count_for_others(executions, -1);
    EXPECT_EQ(count("b", 0), true);
}

TEST_P(DailyLimitsContract, Rule9WhatDidNotHappenIsTakenBackOnce) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 0), true);
    EXPECT_EQ(count("c", 0), true);
    EXPECT_TRUE(uncount("b"));
    EXPECT_TRUE(uncount("b"));
    EXPECT_TRUE(uncount("d"));
    EXPECT_EQ(world().value(executions), 2);
    EXPECT_EQ(count("d", 0), true);
    EXPECT_EQ(count("b", 0), false);
}

TEST_P(DailyLimitsContract, Rule9WhatIsTakenBackNeverMakesRoomBelowNothing) {
    EXPECT_EQ(count("a", 0), true);
    world().set(executions, 0);
    EXPECT_TRUE(uncount("a"));
    EXPECT_EQ(world().value(executions), 0);
}

TEST_P(DailyLimitsContract, Rule9WithoutRedisNothingIsCountedAndAnEmptyOneIsRaised) {
    EXPECT_EQ(count("a", 0), true);
    EXPECT_EQ(count("b", 1), true);
    world().go_away();
    EXPECT_EQ(count("c", 2), std::nullopt);
    EXPECT_EQ(count_mail("x/1", 0), std::nullopt);
    EXPECT_FALSE(uncount("a"));
    world().come_back();
    EXPECT_EQ(count("c", 2), true);
    EXPECT_EQ(count("d", 3), false);
    EXPECT_EQ(world().value(executions), 3);
}

TEST_P(DailyLimitsContract, Rule6CountsAUsersMailsOfADayAndASlotThatIsPassedOnOnce) {
    EXPECT_EQ(count_mail("x/1", 0), true);
    EXPECT_EQ(count_mail("x/1", 0), true);
    EXPECT_EQ(count_mail("x/2", 1), true);
    EXPECT_EQ(count_mail("x/3", 2), false);
    EXPECT_EQ(world().value(mails), 2);
    EXPECT_EQ(count_mail("y/1", 0, "user-8"), true);
    EXPECT_EQ(count("x/1", 0), true) << "executions are counted apart";
    EXPECT_EQ(world().value(executions), 1);
}

TEST_P(DailyLimitsContract, Rule6MailsThatOthersCountedAreRespected) {
    world().count_for_others(mails, 1);
    EXPECT_EQ(count_mail("x/1", 0), true);
    EXPECT_EQ(count_mail("x/2", 0), false);
}

}  // namespace
}  // namespace chatear::conformance
