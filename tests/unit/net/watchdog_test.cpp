#include "net/watchdog.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;

class WatchdogTest : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
    int barks_ = 0;
    const std::function<void()> count_ = [this] { ++barks_; };
};

TEST_F(WatchdogTest, BarksOnceWhenItsMomentHasPassed) {
    run([this]() -> asio::awaitable<void> {
        Watchdog dog(context_.get_executor(), count_);
        dog.set(now() + 1ms);
        co_await sleep_for(20ms);
        EXPECT_EQ(barks_, 1);
        co_await sleep_for(10ms);
    });
    EXPECT_EQ(barks_, 1);
}

TEST_F(WatchdogTest, AMomentThatIsMovedToLaterOrToNeverDoesNotCount) {
    run([this]() -> asio::awaitable<void> {
        Watchdog moved(context_.get_executor(), count_);
        Watchdog rested(context_.get_executor(), count_);
        moved.set(now() + 5ms);
        rested.set(now() + 5ms);
        moved.set(now() + 1h);
        rested.set(Moment::max());
        co_await sleep_for(20ms);
    });
    EXPECT_EQ(barks_, 0);
}

TEST_F(WatchdogTest, AMomentThatIsMovedToEarlierCountsAtOnce) {
    run([this]() -> asio::awaitable<void> {
        Watchdog dog(context_.get_executor(), count_);
        dog.set(now() + 1h);
        dog.set(now() + 1ms);
        co_await sleep_for(20ms);
        EXPECT_EQ(barks_, 1);
        dog.set(now() + 1ms);
        co_await sleep_for(20ms);
    });
    EXPECT_EQ(barks_, 2) << "it can be set again";
}

TEST_F(WatchdogTest, DestroyedItDoesNothing) {
    run([this]() -> asio::awaitable<void> {
        {
            Watchdog dog(context_.get_executor(), count_);
            dog.set(now());
        }
        co_await sleep_for(5ms);
    });
    EXPECT_EQ(barks_, 0);
}

}  // namespace
}  // namespace chatear::net
