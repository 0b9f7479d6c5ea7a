#include "net/task_group.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;

class TaskGroupTest : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
    TaskGroup tasks_{context_.get_executor()};
    int ended_ = 0;
    int stopped_ = 0;
};

struct CountAtEnd {
    int& count;
    ~CountAtEnd() { ++count; }
};

asio::awaitable<void> sleep_long(int& ended) {
    const CountAtEnd at_end{ended};
    co_await sleep_for(1h);
}

asio::awaitable<void> end_at_once(int& ended) {
    ++ended;
    co_return;
}

TEST_F(TaskGroupTest, StopEndsAllTasks) {
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            tasks_.start("sleep", sleep_long(ended_));
        }
        EXPECT_EQ(tasks_.size(), 3U);
        co_await sleep_for(1ms);
        co_await tasks_.stop();
        EXPECT_EQ(tasks_.size(), 0U);
        EXPECT_EQ(ended_, 3);
    });
}

TEST_F(TaskGroupTest, StopsTasksThatHaveNotBegunYet) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("sleep", sleep_long(ended_));
        co_await tasks_.stop();
        EXPECT_EQ(tasks_.size(), 0U);
    });
}

TEST_F(TaskGroupTest, MayBeStoppedTwiceAndWithoutATask) {
    run([this]() -> asio::awaitable<void> {
        co_await tasks_.stop();
        co_await tasks_.stop();
        co_await tasks_.join();
        EXPECT_TRUE(tasks_.stopping());
    });
}

asio::awaitable<void> stop_group(TaskGroup& tasks, int& ended) {
    co_await tasks.stop();
    ++ended;
}

TEST_F(TaskGroupTest, TwoMayStopItAtOnce) {
    TaskGroup stoppers(context_.get_executor());
    run([&]() -> asio::awaitable<void> {
        tasks_.start("sleep", sleep_long(stopped_));
        stoppers.start("stop", stop_group(tasks_, ended_));
        stoppers.start("stop", stop_group(tasks_, ended_));
        co_await stoppers.join();
    });
    EXPECT_EQ(ended_, 2);
}

TEST_F(TaskGroupTest, ATaskThatStopsItsOwnGroupIsStoppedItself) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("sleep", sleep_long(stopped_));
        tasks_.start("stop", stop_group(tasks_, ended_));
        co_await tasks_.join();
    });
    EXPECT_EQ(stopped_, 1);
    EXPECT_EQ(ended_, 0) << "its own wait for the others was ended";
}

TEST_F(TaskGroupTest, WhatIsStartedAfterStopIsDroppedUnrun) {
    run([this]() -> asio::awaitable<void> {
        co_await tasks_.stop();
        tasks_.start("late", end_at_once(ended_));
        EXPECT_EQ(tasks_.size(), 0U);
        co_await sleep_for(5ms);
    });
    EXPECT_EQ(ended_, 0);
}

TEST_F(TaskGroupTest, JoinWaitsForTasksThatEndByThemselves) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("end", end_at_once(ended_));
        EXPECT_EQ(ended_, 0) << "it begins in the next turn";
        co_await tasks_.join();
        EXPECT_EQ(ended_, 1);
        EXPECT_FALSE(tasks_.stopping());
    });
}

asio::awaitable<void> start_another(TaskGroup& tasks, int& ended, int left) {
    ++ended;
    if (left > 0) {
        tasks.start("another", start_another(tasks, ended, left - 1));
    }
    co_return;
}

TEST_F(TaskGroupTest, TasksMayStartTasks) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("first", start_another(tasks_, ended_, 4));
        co_await tasks_.join();
    });
    EXPECT_EQ(ended_, 5);
}

asio::awaitable<void> catch_stop(int& stopped) {
    try {
        co_await sleep_for(1h);
    } catch (const std::exception& error) {
        stopped += is_stop(error) ? 1 : 0;
    }
}

TEST_F(TaskGroupTest, AStoppedTaskSeesWhy) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("catch", catch_stop(stopped_));
        co_await sleep_for(1ms);
        co_await tasks_.stop();
    });
    EXPECT_EQ(stopped_, 1);
}

TEST(IsStop, IsTrueForOperationAbortedOnly) {
    EXPECT_TRUE(is_stop(boost::system::system_error(asio::error::operation_aborted)));
    EXPECT_FALSE(is_stop(boost::system::system_error(asio::error::eof)));
    EXPECT_FALSE(is_stop(std::runtime_error("x")));
}

asio::awaitable<void> end_as_if_stopped() {
    co_await sleep_for(1ms);
    throw boost::system::system_error(asio::error::operation_aborted);
}

TEST_F(TaskGroupTest, ATaskThatEndsAsIfStoppedIsLoggedWhenNobodyStoppedIt) {
    testing::internal::CaptureStderr();
    run([this]() -> asio::awaitable<void> {
        tasks_.start("lonely task", end_as_if_stopped());
        co_await tasks_.join();
    });
    const std::string unasked = testing::internal::GetCapturedStderr();
    EXPECT_THAT(unasked, testing::HasSubstr("lonely task"));
    EXPECT_THAT(unasked, testing::HasSubstr("error"));
    testing::internal::CaptureStderr();
    run([this]() -> asio::awaitable<void> {
        tasks_.start("stopped task", sleep_long(ended_));
        co_await sleep_for(1ms);
        co_await tasks_.stop();
    });
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

asio::awaitable<void> throw_soon() {
    co_await sleep_for(1ms);
    throw std::runtime_error("nobody expected this");
}

TEST(TaskGroupDeathTest, ATaskThatThrowsEndsTheProcessAndIsNamed) {
    const auto die = [] {
        asio::io_context context;
        TaskGroup tasks(context.get_executor());
        tasks.start("guilty task", throw_soon());
        context.run();
    };
    EXPECT_DEATH(die(), "guilty task.*nobody expected this");
}

}  // namespace
}  // namespace chatear::net
