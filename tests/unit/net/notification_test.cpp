#include "net/notification.hpp"

#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;

class NotificationTest : public testing::Test {
protected:
    asio::io_context context_;
    int woken_ = 0;
};

asio::awaitable<void> wait_and_count(Notification& notification, int& woken) {
    co_await notification.wait();
    ++woken;
}

TEST_F(NotificationTest, WakesAllWhoWait) {
    Notification notification(context_.get_executor());
    TaskGroup tasks(context_.get_executor());
    const auto test = [&]() -> asio::awaitable<void> {
        for (int i = 0; i < 3; ++i) {
            tasks.start("wait", wait_and_count(notification, woken_));
        }
        co_await sleep_for(5ms);
        EXPECT_EQ(woken_, 0);
        notification.notify_all();
        notification.notify_all();
        EXPECT_EQ(woken_, 0) << "they run in a turn of their own";
        co_await tasks.join();
        EXPECT_EQ(woken_, 3);
    };
    test::run_coroutine(context_, test);
}

TEST_F(NotificationTest, RemembersNothing) {
    Notification notification(context_.get_executor());
    notification.notify_all();
    const auto test = [&]() -> asio::awaitable<void> {
        const bool notified = co_await notification.wait_for(5ms);
        EXPECT_FALSE(notified);
    };
    test::run_coroutine(context_, test);
}

TEST_F(NotificationTest, ForEverIsNotLongAgo) {
    Notification notification(context_.get_executor());
    bool notified = false;
    const auto test = [&]() -> asio::awaitable<void> {
        asio::post(context_, [&] { asio::post(context_, [&] { notification.notify_all(); }); });
        notified = co_await notification.wait_for(std::chrono::milliseconds::max());
    };
    test::run_coroutine(context_, test);
    EXPECT_TRUE(notified);
}

TEST_F(NotificationTest, WakesItsWaitersWhenItIsDestroyed) {
    auto notification = std::make_unique<Notification>(context_.get_executor());
    TaskGroup tasks(context_.get_executor());
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("wait", wait_and_count(*notification, woken_));
        co_await sleep_for(5ms);
        notification.reset();
        co_await tasks.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(woken_, 1);
}

TEST_F(NotificationTest, AStoppedWaiterLeavesAndTheOthersStay) {
    Notification notification(context_.get_executor());
    TaskGroup stopped(context_.get_executor());
    TaskGroup kept(context_.get_executor());
    int woken_of_stopped = 0;
    const auto test = [&]() -> asio::awaitable<void> {
        stopped.start("wait", wait_and_count(notification, woken_of_stopped));
        kept.start("wait", wait_and_count(notification, woken_));
        co_await sleep_for(5ms);
        co_await stopped.stop();
        notification.notify_all();
        co_await kept.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(woken_of_stopped, 0);
    EXPECT_EQ(woken_, 1);
}

asio::awaitable<void> wait_with(std::shared_ptr<Notification> notification) {
    co_await notification->wait();
}

TEST_F(NotificationTest, AnIoContextThatGoesTakesAlongWhoWaitsInIt) {
    auto context = std::make_unique<asio::io_context>();
    auto notification = std::make_shared<Notification>(context->get_executor());
    const std::weak_ptr<Notification> held = notification;
    asio::co_spawn(*context, wait_with(std::move(notification)), asio::detached);
    context->poll();
    EXPECT_FALSE(held.expired());
    context.reset();
    EXPECT_TRUE(held.expired());
}

TEST_F(NotificationTest, AnIoContextThatGoesTakesAlongWhoIsAboutToGoOn) {
    auto context = std::make_unique<asio::io_context>();
    auto notification = std::make_shared<Notification>(context->get_executor());
    const std::weak_ptr<Notification> held = notification;
    asio::co_spawn(*context, wait_with(notification), asio::detached);
    context->poll();
    notification->notify_all();
    notification.reset();
    EXPECT_FALSE(held.expired());
    context.reset();
    EXPECT_TRUE(held.expired());
}

}  // namespace
}  // namespace chatear::net
