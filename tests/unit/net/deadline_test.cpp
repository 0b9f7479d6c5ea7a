#include "net/deadline.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

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

TEST_F(DeadlineTest, ForEverIsNotLongAgo) {
    run([this]() -> asio::awaitable<void> {
        const Deadline deadline(context_.get_executor(), std::chrono::milliseconds::max(), count_);
        co_await sleep_for(5ms);
    });
    EXPECT_EQ(expired_, 0);
}

}  // namespace
}  // namespace chatear::net
