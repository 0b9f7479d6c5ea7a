#include "consumer_fixture.hpp"

namespace chatear::runtime {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using Rule18Consumer = ConsumerTest;
using Rule19Consumer = ConsumerTest;

TEST_F(Rule18Consumer, AnOutagePausesOneGoesFirstAndNoAttemptIsCounted) {
    for (const char* id : {"a", "b", "c", "d"}) {
        give(id);
    }
    bool down = true;
    int tries = 0;
    int together = 0;
    handler_ = [&](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        ++tries;
        together = std::max(together, tries > 4 && down ? running_ : 0);
        co_await net::sleep_for(1ms);
        if (down) {
            down = tries < 10;
            throw Unavailable("smtp", "test:25", "down");
        }
        co_return Done{};
    };
    run([this] { return settled(4); });
    EXPECT_EQ(together, 1) << "behind a closed brake one goes first";
    ASSERT_THAT(judge_.recorded, SizeIs(4));
    for (const auto& recorded : judge_.recorded) {
        EXPECT_EQ(recorded.verdict.status, LedgerStatus::done);
    }
    EXPECT_EQ(consumer_->brake().state(), Brake::State::open);
}

TEST_F(Rule18Consumer, WhoMeetsUnavailableWhileOthersSucceedIsChargedAtTheThirdTime) {
    give("guilty");
    for (int i = 0; i < 20; ++i) {
        give("good" + std::to_string(i));
    }
    handler_ = [](TestEvent event, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(1ms);
        if (event.text == "guilty") {
            throw Unavailable("smtp", "test:25", "poisoned");
        }
        co_return Done{};
    };
    run([this] { return settled(21); });
    EXPECT_GE(std::count(handled_.begin(), handled_.end(), "guilty"), 3);
    EXPECT_EQ(status().done, 20U);
    EXPECT_EQ(status().retried, 1U);
}

TEST_F(Rule18Consumer, AGuiltyEventThatIsAloneInHandDoesNotBlockTheOthers) {
    options_.concurrency = 1;
    give("guilty");
    give("good");
    give("better");
    give("best");
    handler_ = [](TestEvent event, Delivery) -> asio::awaitable<Outcome> {
        if (event.text == "guilty") {
            throw Unavailable("smtp", "test:25", "poisoned");
        }
        co_return Done{};
    };
    run([this] { return settled(4); });
    EXPECT_EQ(status().done, 3U);
    EXPECT_EQ(status().retried, 1U);
}

TEST_F(Rule18Consumer, AnOutageOfTheLedgerChargesNobody) {
    for (int i = 0; i < 10; ++i) {
        give(std::to_string(i));
    }
    int asked = 0;
    judge_.on_claim = [&](const Event&, std::uint64_t) {
        if (++asked % 2 == 0) {
            throw Unavailable("postgres", "test:1", "flapping");
        }
        ClaimReply reply;
        reply.answer = ClaimAnswer::granted;
        return reply;
    };
    run([this] { return settled(10); });
    EXPECT_EQ(status().done, 10U);
    EXPECT_EQ(status().retried, 0U);
}

TEST_F(Rule18Consumer, DrainingGivesBackWhatWaitsBehindAClosedBrake) {
    give("a");
    give("b");
    handler_ = [](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        throw Unavailable("smtp", "test:25", "down");
        co_return Done{};
    };
    run([this] { return handled_.size() >= 4; });
    EXPECT_THAT(source_.naked, SizeIs(2));
    EXPECT_THAT(source_.acked, IsEmpty());
}

TEST_F(Rule19Consumer, ASuspectRunsAloneAndStaysOneUntilItsVerdictStands) {
    for (int i = 0; i < 3; ++i) {
        give("good" + std::to_string(i));
    }
    give("suspect");
    judge_.on_claim = [](const Event& event, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::granted;
        if (event.event_id == "suspect") {
            reply.answer = ClaimAnswer::taken_over;
            reply.takeovers = 2;
        }
        return reply;
    };
    handler_ = [this](TestEvent event, Delivery) -> asio::awaitable<Outcome> {
        co_await net::sleep_for(2ms);
        EXPECT_TRUE(event.text != "suspect" || running_ == 1);
        co_return Done{};
    };
    run([this] { return settled(4); });
    EXPECT_THAT(judge_.alone, ElementsAre("begin suspect", "end suspect after 4"));
}

TEST_F(Rule19Consumer, TheThirdCrashAloneMakesItADeadLetter) {
    give("suspect");
    judge_.crashes_alone = 3;
    judge_.on_claim = [](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::taken_over;
        reply.takeovers = 5;
        return reply;
    };
    run([this] { return settled(1); });
    EXPECT_THAT(handled_, IsEmpty());
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::failed);
    EXPECT_THAT(judge_.recorded[0].verdict.reason, HasSubstr("3 processes crashed"));
    EXPECT_THAT(judge_.alone, ElementsAre("begin suspect", "end suspect after 1"));
}

TEST_F(Rule18Consumer, WhatWasTakenOverSinceTheLastClaimMayBeADuplicateToo) {
    give("a");
    judge_.on_claim = [&](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::granted;
        if (judge_.claims.size() > 1) {
            reply.answer = ClaimAnswer::taken_over;
            reply.takeovers = 1;
            reply.content_may_have_left = true;
        }
        return reply;
    };
    handler_ = [&](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        if (judge_.claims.size() < 3) {
            throw Unavailable("smtp", "test:25", "the test says so");
        }
        co_return Done{};
    };
    run([this] { return settled(1); });
    EXPECT_THAT(judge_.claims, SizeIs(3));
    EXPECT_EQ(status().possible_duplicates, 1U);
}

}  // namespace
}  // namespace chatear::runtime
