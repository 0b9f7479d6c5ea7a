#include "deletion/intake_order.hpp"

#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;

/// NATS's clock is 10 to 12 s ahead of the database's.
const ClockOffset ahead{10s, 12s};

Request published(std::optional<Time> time) {
    Request request;
    request.published_at = time;
    return request;
}

TEST(Rule2, WithoutARecoveryTheDeletionCounts) {
    EXPECT_EQ(order_of(published(noon), {}, std::nullopt), Order::recovery_first);
    EXPECT_EQ(order_of(published(noon), {}, ahead), Order::recovery_first);
}

TEST(Rule2, TimesOfOneClockAreComparedAsTheyAre) {
    RequestFacts facts;
    facts.last_recovery_published = noon;
    EXPECT_EQ(order_of(published(noon - 1us), facts, std::nullopt), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon), facts, std::nullopt), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon + 1us), facts, std::nullopt), Order::recovery_first);
}

TEST(Rule2, TimesOfTwoClocksAreComparedWithinTheBoundsOfTheirOffset) {
    RequestFacts facts;
    facts.last_recovery_received = noon;
    EXPECT_EQ(order_of(published(noon + 10s), facts, ahead), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon + 10s + 1us), facts, ahead), Order::unknown);
    EXPECT_EQ(order_of(published(noon + 12s), facts, ahead), Order::unknown);
    EXPECT_EQ(order_of(published(noon + 12s + 1us), facts, ahead), Order::recovery_first);
}

TEST(Rule2, AnOffsetMayBeNegative) {
    const ClockOffset behind{-3h - 1s, -3h};
    RequestFacts facts;
    facts.last_recovery_received = noon;
    EXPECT_EQ(order_of(published(noon - 3h - 2s), facts, behind), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon - 3h - 1s), facts, behind), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon - 3h), facts, behind), Order::unknown);
    EXPECT_EQ(order_of(published(noon - 3h + 1us), facts, behind), Order::recovery_first);
}

TEST(Rule2, WithoutAnOffsetNobodyCanSay) {
    RequestFacts facts;
    facts.last_recovery_received = noon;
    EXPECT_EQ(order_of(published(noon + 24h), facts, std::nullopt), Order::unknown);
}

TEST(Rule2, TheLatestOfBothKindsOfRecoveryCounts) {
    RequestFacts facts;
    facts.last_recovery_published = noon;
    facts.last_recovery_received = noon + 1h;
    EXPECT_EQ(order_of(published(noon + 30min), facts, ahead), Order::deletion_first);
    facts.last_recovery_published = noon + 2h;
    EXPECT_EQ(order_of(published(noon + 90min), facts, ahead), Order::deletion_first);
    EXPECT_EQ(order_of(published(noon + 3h), facts, ahead), Order::recovery_first);
}

TEST(Rule2, ADeletionThatWasNotPublishedIsAskedForNow) {
    RequestFacts facts;
    facts.last_recovery_published = noon;
    facts.last_recovery_received = noon;
    EXPECT_EQ(order_of(published(std::nullopt), facts, std::nullopt), Order::recovery_first);
}

}  // namespace
}  // namespace chatear::deletion
