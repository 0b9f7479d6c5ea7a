// What becomes of an event whose process died with it in hand.
#include "consumer_fixture.hpp"

namespace chatear::runtime {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

using Rule8Consumer = ConsumerTest;

TEST_F(Rule8Consumer, ATakeoverAfterContentIsCounted) {
    give("a");
    judge_.on_claim = [](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::taken_over;
        reply.takeovers = 1;
        reply.content_may_have_left = true;
        return reply;
    };
    bool told = false;
    handler_ = [&](TestEvent, Delivery delivery) -> asio::awaitable<Outcome> {
        told = delivery.possible_duplicate();
        co_return Done{};
    };
    run([this] { return settled(1); });
    EXPECT_TRUE(told);
    EXPECT_EQ(status().possible_duplicates, 1U);
}

TEST_F(Rule8Consumer, WhatADeadProcessSawAcceptedIsWrittenDownAndNotDoneAgain) {
    give("a");
    judge_.on_claim = [](const Event&, std::uint64_t) {
        ClaimReply reply;
        reply.answer = ClaimAnswer::taken_over;
        reply.takeovers = 2;
        reply.content_may_have_left = true;
        reply.already_accepted = true;
        return reply;
    };
    bool handled = false;
    handler_ = [&](TestEvent, Delivery) -> asio::awaitable<Outcome> {
        handled = true;
        co_return Done{};
    };
    run([this] { return settled(1); });
    EXPECT_FALSE(handled);
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done);
    EXPECT_THAT(judge_.alone, IsEmpty()) << "nothing runs that could crash";
    EXPECT_EQ(status().possible_duplicates, 0U);
}

}  // namespace
}  // namespace chatear::runtime
