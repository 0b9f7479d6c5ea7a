#include "nats/subscriptions.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

class Subscriptions : public testing::Test {
protected:
    Subscription subscribe(const std::string& subject) {
        return {table_, table_->add(subject, [this](Message message) { got_ += message.payload; })};
    }

    void deliver(std::uint64_t sid, const std::string& payload) {
        table_->deliver(sid, {"s", "", payload});
    }

    std::string written_;
    std::string got_;
    std::shared_ptr<SubscriptionTable> table_ =
        std::make_shared<SubscriptionTable>([this](std::string line) { written_ += line; });
};

TEST_F(Subscriptions, EndWithTheirObject) {
    {
        const Subscription subscription = subscribe("a");
        deliver(1, "x");
    }
    deliver(1, "too late");
    EXPECT_EQ(got_, "x");
    EXPECT_EQ(written_, "SUB a 1\r\nUNSUB 1\r\n");
    EXPECT_EQ(table_->subscribe_lines(), "");
}

TEST_F(Subscriptions, AreMadeAgainOnANewConnection) {
    const Subscription first = subscribe("a");
    Subscription second = subscribe("b");
    const Subscription third = subscribe("c.>");
    second.retire();
    EXPECT_EQ(table_->subscribe_lines(), "SUB a 1\r\nSUB c.> 3\r\n");
}

TEST_F(Subscriptions, ARetiredOneStillGetsWhatWasUnderWay) {
    Subscription subscription = subscribe("a");
    subscription.retire();
    subscription.retire();
    deliver(1, "x");
    EXPECT_EQ(got_, "x");
    EXPECT_EQ(written_, "SUB a 1\r\nUNSUB 1\r\n");
}

TEST_F(Subscriptions, MayBeEndedByTheirOwnCallback) {
    Subscription subscription;
    subscription =
        Subscription(table_, table_->add("a", [&](const Message&) { subscription.reset(); }));
    deliver(1, "x");
    deliver(1, "x");
    EXPECT_EQ(written_, "SUB a 1\r\nUNSUB 1\r\n");
}

TEST_F(Subscriptions, MoveTheirDutyAlong) {
    Subscription first = subscribe("a");
    Subscription second = std::move(first);
    first.reset();
    deliver(1, "x");
    second = subscribe("b");
    deliver(1, "ended");
    deliver(2, "y");
    EXPECT_EQ(got_, "xy");
}

TEST_F(Subscriptions, MayOutliveTheConnection) {
    const Subscription subscription = subscribe("a");
    table_->detach();
    table_.reset();
    EXPECT_EQ(written_, "SUB a 1\r\n");
}

}  // namespace
}  // namespace chatear::nats
