#include "net/virtual_time.hpp"

#include "net/deadline.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class VirtualTimeTest : public testing::Test {
protected:
    asio::awaitable<void> sleep(std::string name, milliseconds duration) {
        co_await sleep_for(duration);
        log_.push_back(name + " after " + std::to_string((now() - begin_) / 1ms));
    }
    asio::awaitable<void> wait(milliseconds timeout) {
        const bool notified = co_await notification_.wait_for(timeout);
        log_.push_back(notified ? "notified" : "timed out");
    }

    /// Runs until nothing is left to do at this moment.
    void poll() { context_.poll(); }

    /// Moves from wait to wait until none is left.
    void run_out() {
        poll();
        while (const auto next = time_.next()) {
            time_.advance_to(*next);
            poll();
        }
    }

    VirtualTime time_;
    const Moment begin_ = now();
    std::vector<std::string> log_;
    asio::io_context context_;
    asio::executor_work_guard<asio::io_context::executor_type> work_{context_.get_executor()};
    Notification notification_{context_.get_executor()};
    TaskGroup tasks_{context_.get_executor()};
};

TEST_F(VirtualTimeTest, StandsStillUntilItIsMoved) {
    const Moment before = now();
    EXPECT_EQ(moment_after(5ms), before + 5ms);
    EXPECT_EQ(time_.next(), std::nullopt);
    time_.advance_to(before + 1h);
    EXPECT_EQ(now(), before + 1h);
    time_.advance_to(before);
    EXPECT_EQ(now(), before + 1h) << "it never goes back";
}

TEST_F(VirtualTimeTest, HoursPassInTheOrderOfTheirMomentsAndInNoTime) {
    tasks_.start("a", sleep("a", 3h));
    tasks_.start("b", sleep("b", 1h));
    tasks_.start("c", sleep("c", 3h));
    tasks_.start("d", sleep("d", 0ms));
    run_out();
    EXPECT_THAT(
        log_, ElementsAre("d after 0", "b after 3600000", "a after 10800000", "c after 10800000")
    );
}

TEST_F(VirtualTimeTest, AWaitEndsByItsMomentOrItsNotification) {
    tasks_.start("times out", wait(10s));
    run_out();
    tasks_.start("is notified", wait(10s));
    poll();
    notification_.notify_all();
    poll();
    EXPECT_THAT(log_, ElementsAre("timed out", "notified"));
    EXPECT_EQ(time_.next(), std::nullopt);
}

TEST_F(VirtualTimeTest, AWaitForEverIsNone) {
    tasks_.start("for ever", sleep("for ever", milliseconds::max()));
    run_out();
    EXPECT_THAT(log_, IsEmpty());
    tasks_.request_stop();
    poll();
    EXPECT_EQ(tasks_.size(), 0U);
}

TEST_F(VirtualTimeTest, AStoppedTaskSleepsNoMore) {
    tasks_.start("a", sleep("a", 1h));
    poll();
    EXPECT_EQ(time_.next(), begin_ + 1h);
    tasks_.request_stop();
    poll();
    EXPECT_EQ(tasks_.size(), 0U);
    EXPECT_EQ(time_.next(), std::nullopt);
    EXPECT_THAT(log_, IsEmpty());
}

TEST_F(VirtualTimeTest, ADeadlineExpiresByIt) {
    const auto note = [this](const char* what) {
        return [this, what] { log_.emplace_back(what); };
    };
    const Deadline kept(context_.get_executor(), 2s, note("kept"));
    { const Deadline dropped(context_.get_executor(), 1s, note("dropped")); }
    run_out();
    EXPECT_TRUE(kept.expired());
    EXPECT_THAT(log_, ElementsAre("kept"));
}

TEST_F(VirtualTimeTest, WhatDiesWithItsContextLeavesNothingBehind) {
    std::optional<asio::io_context> doomed(std::in_place);
    TaskGroup tasks(doomed->get_executor());
    tasks.start("a", sleep("a", 1h));
    doomed->poll();
    EXPECT_EQ(time_.next(), begin_ + 1h);
    doomed.reset();
    EXPECT_EQ(time_.next(), std::nullopt);
}

TEST(RealTime, GoesOnWhereNoVirtualTimeIsInstalled) {
    EXPECT_EQ(VirtualTime::installed(), nullptr);
    const auto before = std::chrono::steady_clock::now();
    const Moment between = now();
    EXPECT_LE(before, between);
    EXPECT_LE(between, std::chrono::steady_clock::now());
}

}  // namespace
}  // namespace chatear::net
