#include "net/deadline.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;

class DeadlineTest : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
    int expired_ = 0;
    const std::function<void()> count_ = [this] { ++expired_; };
};

TEST_F(DeadlineTest, RunsOnceWhenItsTimeIsOver) {
    run([this]() -> asio::awaitable<void> {
        const Deadline deadline(context_.get_executor(), 1ms, count_);
        EXPECT_FALSE(deadline.expired());
        co_await sleep_for(20ms);
        EXPECT_TRUE(deadline.expired());
    });
    EXPECT_EQ(expired_, 1);
}

TEST_F(DeadlineTest, DisarmedOrDestroyedItDoesNothing) {
    run([this]() -> asio::awaitable<void> {
        Deadline disarmed(context_.get_executor(), 1ms, count_);
        { const Deadline destroyed(context_.get_executor(), 1ms, count_); }
        disarmed.disarm();
        co_await sleep_for(20ms);
        EXPECT_FALSE(disarmed.expired());
    });
    EXPECT_EQ(expired_, 0);
}

TEST_F(DeadlineTest, DisarmedWhenItsHandlerIsAlreadyQueuedItDoesNothing) {
    Deadline deadline(context_.get_executor(), 0ms, count_);
    asio::post(context_, [&deadline] { deadline.disarm(); });
    context_.run_for(20ms);
    EXPECT_EQ(expired_ + (deadline.expired() ? 1 : 0), 2 * expired_);
}

TEST_F(DeadlineTest, MayBeDestroyedByWhatItRuns) {
    std::unique_ptr<Deadline> deadline;
    deadline = std::make_unique<Deadline>(context_.get_executor(), 1ms, [&] {
        deadline.reset();
        ++expired_;
    });
    context_.run_for(20ms);
    EXPECT_EQ(expired_, 1);
}

TEST_F(DeadlineTest, EachRunsInTheOrderOfItsMoment) {
    std::string order;
    const auto note = [&order](char name) { return [&order, name] { order += name; }; };
    run([&]() -> asio::awaitable<void> {
        const asio::any_io_executor executor = context_.get_executor();
        const Deadline last(executor, 30ms, note('d'));
        const Deadline first(executor, 1ms, note('a'));
        auto dropped = std::make_unique<Deadline>(executor, 2ms, note('x'));
        const Deadline second(executor, 10ms, note('b'));
        const Deadline third(executor, 20ms, note('c'));
        co_await sleep_for(5ms);
        dropped.reset();
        const Deadline between(executor, 1ms, note('A'));
        co_await sleep_for(60ms);
    });
    EXPECT_EQ(order.substr(0, 1), "a");
    std::erase(order, 'x');  // The machine may have been slow.
    EXPECT_EQ(order, "aAbcd");
}

TEST_F(DeadlineTest, WhatItRunsMayMakeAndDisarmOthers) {
    std::unique_ptr<Deadline> other;
    std::unique_ptr<Deadline> made;
    const Deadline first(context_.get_executor(), 1ms, [&] {
        other.reset();
        made = std::make_unique<Deadline>(context_.get_executor(), 1ms, count_);
    });
    other = std::make_unique<Deadline>(context_.get_executor(), 1ms, [] { FAIL(); });
    context_.run_for(50ms);
    EXPECT_EQ(expired_, 1);
    EXPECT_TRUE(made->expired());
}

TEST_F(DeadlineTest, DisarmedItKeepsNothingAliveAndNobodyRunning) {
    const auto held = std::make_shared<int>(1);
    Deadline deadline(context_.get_executor(), 1h, [held] { FAIL(); });
    EXPECT_EQ(held.use_count(), 2);
    deadline.disarm();
    EXPECT_EQ(held.use_count(), 1);
    context_.run();  // Returns: there is nothing to wait for.
}

TEST_F(DeadlineTest, MayOutliveItsContext) {
    std::unique_ptr<Deadline> deadline;
    {
        asio::io_context context;
        deadline = std::make_unique<Deadline>(context.get_executor(), 1h, count_);
        context.poll();
    }
    deadline->disarm();
    deadline.reset();
    EXPECT_EQ(expired_, 0);
}

TEST_F(DeadlineTest, ForEverIsNotLongAgo) {
    run([this]() -> asio::awaitable<void> {
        const Deadline deadline(context_.get_executor(), std::chrono::milliseconds::max(), count_);
        co_await sleep_for(5ms);
    });
    EXPECT_EQ(expired_, 0);
}

}  // namespace
}  // namespace chatear::net
