#include "smtp/pool_health.hpp"

#include <gtest/gtest.h>

namespace chatear::smtp {
namespace {

using State = PoolHealth::State;

SendResult ending(SendStatus status, Step step = Step::content, int code = 250) {
    SendResult result;
    result.status = status;
    result.step = step;
    result.reply = Reply{code, "words"};
    return result;
}

PoolHealth connected() {
    PoolHealth health;
    health.on_connected();
    return health;
}

TEST(PoolHealth, WaitsForItsFirstConnection) {
    PoolHealth health;
    EXPECT_EQ(health.state(), State::starting);
    EXPECT_TRUE(health.available());
    health.on_unavailable(Culprit::unavailable, "no route");
    EXPECT_EQ(health.state(), State::down);
    EXPECT_FALSE(health.available());
    EXPECT_EQ(health.last_error(), "no route");
    health.on_connected();
    EXPECT_TRUE(health.available());
}

TEST(PoolHealth, ARefusedAccountIsNotMerelyDown) {
    PoolHealth health;
    health.on_unavailable(Culprit::sender_or_server, "535");
    EXPECT_EQ(health.state(), State::refused);
}

TEST(PoolHealth, OneRefusalOfTheSenderAtMailStops) {
    PoolHealth health = connected();
    health.on_result(ending(SendStatus::sender_refused, Step::mail, 530));
    EXPECT_EQ(health.state(), State::refused);
    EXPECT_EQ(health.last_error(), "mail: 530 words");
}

TEST(PoolHealth, BehindMailItTakesSeveralInARow) {
    PoolHealth health = connected();
    for (std::size_t count = 1; count < PoolHealth::refusals_that_stop; ++count) {
        health.on_result(ending(SendStatus::sender_refused, Step::rcpt, 554));
        EXPECT_TRUE(health.available());
    }
    health.on_result(ending(SendStatus::accepted));
    for (std::size_t count = 1; count < PoolHealth::refusals_that_stop; ++count) {
        health.on_result(ending(SendStatus::sender_refused, Step::rcpt, 554));
        EXPECT_TRUE(health.available()) << "a verdict came in between";
    }
    health.on_result(ending(SendStatus::sender_refused, Step::rcpt, 554));
    EXPECT_EQ(health.state(), State::refused);
}

TEST(PoolHealth, CountsVerdictsOnMessagesOnly) {
    PoolHealth health = connected();
    health.on_result(ending(SendStatus::in_doubt));
    health.on_result(ending(SendStatus::not_sent));
    EXPECT_EQ(health.verdicts(), 0U);
    health.on_result(ending(SendStatus::accepted));
    health.on_result(ending(SendStatus::never));
    health.on_result(ending(SendStatus::try_later));
    EXPECT_EQ(health.verdicts(), 3U);
}

}  // namespace
}  // namespace chatear::smtp
