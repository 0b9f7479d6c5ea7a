#include "nats/delivery_guard.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

const Incarnation first{"S", "2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:01.5Z"};

AckSubject delivery(
    std::uint64_t consumer_seq, std::uint64_t stream_seq, std::int64_t stored_at_ns
) {
    AckSubject ack;
    ack.consumer_seq = consumer_seq;
    ack.stream_seq = stream_seq;
    ack.stored_at_ns = stored_at_ns;
    return ack;
}

const net::Moment now{};

class Rule4Guard : public testing::Test {
protected:
    Rule4Guard() { guard_.verified(first, {}); }

    DeliveryGuard guard_;
};

TEST_F(Rule4Guard, DoubtsUntilTheFirstLook) {
    DeliveryGuard fresh;
    EXPECT_TRUE(fresh.in_doubt());
    EXPECT_FALSE(fresh.holds(fresh.take("a", delivery(1, 10, 1'000), now)));
    EXPECT_TRUE(fresh.verified(first, {}));
    EXPECT_FALSE(fresh.in_doubt());
    EXPECT_TRUE(fresh.holds(fresh.take("a", delivery(1, 10, 1'000), now)));
}

TEST_F(Rule4Guard, TokensOutliveADoubtThatWasUnfounded) {
    const AckToken token = guard_.take("a", delivery(1, 10, 1'000), now);
    guard_.doubt();
    EXPECT_TRUE(guard_.in_doubt());
    EXPECT_TRUE(guard_.holds(token));
    EXPECT_FALSE(guard_.verified(first, {}));
    EXPECT_TRUE(guard_.holds(token));
}

TEST_F(Rule4Guard, TokensDieWithTheirStreamOrConsumer) {
    for (const Incarnation& other :
         {Incarnation{"T", first.stream_created, first.consumer_created},
          Incarnation{"S", "2026-11-23T10:00:00.123456790Z", first.consumer_created},
          Incarnation{"S", first.stream_created, "2026-11-23T10:00:02.5Z"}}) {
        guard_.verified(first, {});
        const AckToken token = guard_.take("a", delivery(1, 10, 1'000), now);
        EXPECT_TRUE(guard_.verified(other, {}));
        EXPECT_FALSE(guard_.holds(token));
        EXPECT_TRUE(guard_.holds(guard_.take("b", delivery(2, 11, 1'000), now)));
        EXPECT_TRUE(guard_.verified(first, {})) << "what was before is not what is now";
        EXPECT_FALSE(guard_.holds(token));
    }
}

TEST_F(Rule4Guard, AConsumerWhoseFileIsALittleYoungerIsTheSame) {
    const Incarnation after_restart{"S", first.stream_created, "2026-11-23T10:00:01.500300000Z"};
    EXPECT_FALSE(guard_.verified(after_restart, {}));
    const Incarnation without_time{"S", first.stream_created, "unreadable"};
    EXPECT_TRUE(guard_.verified(without_time, {}));
    EXPECT_FALSE(guard_.verified(without_time, {}));
}

TEST_F(Rule4Guard, LetsOrdinaryDeliveriesPass) {
    EXPECT_TRUE(guard_.consistent(delivery(1, 10, 1'000)));
    EXPECT_TRUE(guard_.consistent(delivery(2, 11, 1'000)));
    EXPECT_TRUE(guard_.consistent(delivery(5, 13, 1'200))) << "others got what lies between";
    EXPECT_TRUE(guard_.consistent(delivery(6, 10, 1'000))) << "a redelivery";
    EXPECT_TRUE(guard_.consistent(delivery(7, 13, 1'200)));
    EXPECT_TRUE(guard_.consistent(delivery(8, 14, 1'300)));
    EXPECT_FALSE(guard_.in_doubt());
}

TEST_F(Rule4Guard, DoubtsWhenASequenceOrStoreTimeGoesBack) {
    for (const AckSubject& contradiction :
         {delivery(5, 21, 2'100),
          delivery(1, 1, 9'000),
          delivery(6, 21, 1'999),
          delivery(6, 3, 2'001),
          delivery(6, 20, 2'001),
          delivery(6, 20, 1'999)}) {
        guard_.verified(first, {});
        const std::uint64_t doubts = guard_.doubts();
        EXPECT_TRUE(guard_.consistent(delivery(5, 20, 2'000)));
        EXPECT_FALSE(guard_.consistent(contradiction));
        EXPECT_TRUE(guard_.in_doubt());
        EXPECT_GT(guard_.doubts(), doubts);
    }
}

TEST_F(Rule4Guard, StartsItsCountsAnewAfterEachLook) {
    EXPECT_TRUE(guard_.consistent(delivery(50, 200, 2'000)));
    guard_.verified(first, {});
    EXPECT_TRUE(guard_.consistent(delivery(1, 100, 1'000))) << "a new leader may know less";
}

Time at_us(std::int64_t microseconds) {
    return Time(std::chrono::microseconds(microseconds));
}

TEST_F(Rule4Guard, KnowsTheNewestDeliveryInHand) {
    EXPECT_FALSE(guard_.newest_in_hand(now));
    const AckToken first_token = guard_.take("a", delivery(1, 10, 1'000), now);
    const AckToken second = guard_.take("b", delivery(2, 11, 2'000), now);
    EXPECT_EQ(guard_.newest_in_hand(now)->stream_seq, 11U);
    guard_.let_go(second);
    EXPECT_EQ(guard_.newest_in_hand(now)->stream_seq, 10U);
    EXPECT_EQ(guard_.newest_in_hand(now)->stored_at_ns, 1'000);
    guard_.keep(first_token, now + std::chrono::seconds(50));
    EXPECT_TRUE(guard_.newest_in_hand(now + std::chrono::seconds(100)));
    EXPECT_FALSE(guard_.newest_in_hand(now + std::chrono::seconds(111)))
        << "the server has given it to somebody else";
}

TEST_F(Rule4Guard, WhatIsFinishedAndCouldNotBeAcknowledgedYetIsInHandHoweverLongThatTakes) {
    const AckToken token = guard_.take("a", delivery(1, 10, 1'000), now);
    guard_.hold_back(token);
    EXPECT_TRUE(guard_.newest_in_hand(now + std::chrono::hours(5)));
    guard_.let_go(token);
    EXPECT_FALSE(guard_.newest_in_hand(now));
}

TEST_F(Rule4Guard, TokensOutliveARestartOfTheSameStore) {
    const AckToken token = guard_.take("a", delivery(1, 10, 1'000'500), now);
    StoreEvidence evidence{.asked = guard_.newest_in_hand(now), .last_seq = 10};
    evidence.stored_at = at_us(1'000);
    guard_.take("b", delivery(2, 11, 3'000'000), now);
    EXPECT_FALSE(guard_.verified(first, evidence)) << "what came meanwhile was not asked about";
    EXPECT_TRUE(guard_.holds(token));
    EXPECT_FALSE(guard_.verified(first, {.last_seq = 2})) << "nothing was in hand";
    evidence.stored_at.reset();
    evidence.looked = false;
    EXPECT_FALSE(guard_.verified(first, evidence)) << "nobody may ask, and it may be there";
    EXPECT_TRUE(guard_.holds(token));
}

TEST_F(Rule4Guard, TokensDieWhenTheStoreIsAnOlderCopy) {
    const StoreEvidence older[] = {
        {.last_seq = 9},
        {.last_seq = 12},
        {.last_seq = 12, .stored_at = at_us(7'000)},
        {.last_seq = 9, .looked = false}};
    for (StoreEvidence evidence : older) {
        DeliveryGuard guard;
        guard.verified(first, {});
        const AckToken token = guard.take("a", delivery(1, 10, 1'000'500), now);
        evidence.asked = guard.newest_in_hand(now);
        EXPECT_TRUE(guard.verified(first, evidence));
        EXPECT_FALSE(guard.holds(token));
        EXPECT_FALSE(guard.newest_in_hand(now));
    }
}

}  // namespace
}  // namespace chatear::nats
