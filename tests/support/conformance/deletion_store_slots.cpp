// Rule 6: the slots of recovery mails.
#include "support/conformance/deletion_store_contract.hpp"

#include <gmock/gmock.h>

namespace chatear::conformance {
namespace {

using testing::ElementsAre;

TEST_P(DeletionStoreContract, Rule6SlotsAreGivenFromOneToTheLimitAUser) {
    const std::optional<Slot> first = take_slot("x.1.1");
    ASSERT_TRUE(first);
    EXPECT_EQ(first->number, 1);
    EXPECT_EQ(first->taken, 1);
    EXPECT_EQ(first->day, today());
    EXPECT_LE(first->now, now());
    const std::optional<Slot> second = take_slot("y.1.1");
    ASSERT_TRUE(second);
    EXPECT_EQ(second->number, 2);
    EXPECT_EQ(second->taken, 2);
    EXPECT_EQ(take_slot("z.1.1"), std::nullopt);
    EXPECT_EQ(take_slot("w.1.1", 2, "user-8")->number, 1);
}

TEST_P(DeletionStoreContract, Rule6AHolderWhoAsksAgainHasTheSameSlotAlsoUnderALowerLimit) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    const std::optional<Slot> again = take_slot("y.1.1");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->number, 2);
    EXPECT_EQ(again->taken, 2);
    const std::optional<Slot> under_a_lower_limit = take_slot("y.1.1", 1);
    ASSERT_TRUE(under_a_lower_limit);
    EXPECT_EQ(under_a_lower_limit->number, 2);
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.1", "y.1.1"));
}

TEST_P(DeletionStoreContract, Rule6AsManyAsTheLimitAreAllThoughALowerNumberIsFree) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    free_slot("x.1.1");
    EXPECT_EQ(take_slot("z.1.1", 1), std::nullopt);
    const std::optional<Slot> lowest = take_slot("z.1.1");
    ASSERT_TRUE(lowest);
    EXPECT_EQ(lowest->number, 1);
    EXPECT_EQ(lowest->taken, 2);
}

TEST_P(DeletionStoreContract, Rule6ARefusedTryPassesItsSlotToTheNext) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    pass_slot("x.1.1", "x.1.2");
    pass_slot("x.1.1", "x.1.2");
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.2", "y.1.1"));
    const std::optional<Slot> passed = take_slot("x.1.2");
    ASSERT_TRUE(passed);
    EXPECT_EQ(passed->number, 1);
    EXPECT_EQ(passed->taken, 2);
}

TEST_P(DeletionStoreContract, Rule6NobodyGetsASecondSlotOfADayByPassingOne) {
    take_slot("x.1.1");
    take_slot("x.1.2");
    pass_slot("x.1.1", "x.1.2");
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.1", "x.1.2"));
}

TEST_P(DeletionStoreContract, Rule6ATryThatDidNotHappenFreesItsSlot) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    free_slot("x.1.1");
    free_slot("x.1.1");
    EXPECT_THAT(world().mail_slots(), ElementsAre("y.1.1"));
    EXPECT_EQ(take_slot("z.1.1")->number, 1);
}

TEST_P(DeletionStoreContract, Rule6ASlotBelongsToItsUtcDay) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    world().let_days_pass(1);
    const std::optional<Slot> next_day = take_slot("x.1.1");
    ASSERT_TRUE(next_day);
    EXPECT_EQ(next_day->number, 1);
    EXPECT_EQ(next_day->taken, 1);
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.1", "y.1.1", "x.1.1"));
}

TEST_P(DeletionStoreContract, Rule6ATryThatEndsAfterMidnightSettlesTheSlotOfTheDayBefore) {
    take_slot("x.1.1");
    take_slot("y.1.1");
    world().let_days_pass(1);
    pass_slot("x.1.1", "x.1.2");
    free_slot("y.1.1");
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.2"));
    world().let_days_pass(1);
    pass_slot("x.1.2", "x.1.3");
    free_slot("x.1.2");
    EXPECT_THAT(world().mail_slots(), ElementsAre("x.1.2")) << "older days stand as they ended";
}

}  // namespace
}  // namespace chatear::conformance
