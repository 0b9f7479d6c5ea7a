#include "net/queue.hpp"

#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <numeric>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using Numbers = Queue<std::unique_ptr<int>>;

asio::awaitable<void> push_all(Numbers& queue, int count, std::size_t& longest) {
    for (int i = 0; i < count; ++i) {
        std::unique_ptr<int> item = std::make_unique<int>(i);
        const bool taken = co_await queue.push(std::move(item));
        EXPECT_TRUE(taken);
        longest = std::max(longest, queue.size());
    }
    queue.close();
}

asio::awaitable<void> pop_all(Numbers& queue, std::vector<int>& popped) {
    while (true) {
        const std::optional<std::unique_ptr<int>> item = co_await queue.pop();
        if (!item) {
            co_return;
        }
        popped.push_back(**item);
    }
}

RC_GTEST_PROP(Queue, KeepsTheOrderAndItsCapacity, ()) {
    const int count = *rc::gen::inRange(0, 50);
    const auto capacity = *rc::gen::inRange<std::size_t>(1, 8);
    asio::io_context context;
    Numbers queue(context.get_executor(), capacity);
    TaskGroup tasks(context.get_executor());
    std::vector<int> popped;
    std::size_t longest = 0;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("push", push_all(queue, count, longest));
        tasks.start("pop", pop_all(queue, popped));
        co_await tasks.join();
    };
    test::run_coroutine(context, test);
    std::vector<int> expected(static_cast<std::size_t>(count));
    std::iota(expected.begin(), expected.end(), 0);
    RC_ASSERT(popped == expected);
    RC_ASSERT(longest <= capacity);
}

class QueueTest : public testing::Test {
protected:
    asio::io_context context_;
};

TEST_F(QueueTest, ClosedItGivesTheRestThenNothing) {
    Numbers queue(context_.get_executor(), 4);
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(2)));
    queue.close();
    queue.close();
    EXPECT_FALSE(queue.try_push(std::make_unique<int>(3)));
    std::vector<int> popped;
    const auto test = [&]() -> asio::awaitable<void> { co_await pop_all(queue, popped); };
    test::run_coroutine(context_, test);
    EXPECT_EQ(popped, (std::vector{1, 2}));
}

asio::awaitable<void> push_one(Numbers& queue, std::optional<bool>& taken) {
    std::unique_ptr<int> item = std::make_unique<int>(9);
    taken = co_await queue.push(std::move(item));
}

TEST_F(QueueTest, ClosingWakesPushersAndPoppers) {
    Numbers full(context_.get_executor(), 1);
    Numbers empty(context_.get_executor(), 1);
    ASSERT_TRUE(full.try_push(std::make_unique<int>(1)));
    ASSERT_FALSE(full.try_push(std::make_unique<int>(2)));
    TaskGroup tasks(context_.get_executor());
    std::optional<bool> taken;
    std::vector<int> popped;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("push", push_one(full, taken));
        tasks.start("pop", pop_all(empty, popped));
        co_await sleep_for(5ms);
        EXPECT_EQ(taken, std::nullopt);
        full.close();
        empty.close();
        co_await tasks.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(taken, false);
    EXPECT_TRUE(popped.empty());
    EXPECT_EQ(full.size(), 1U);
}

TEST_F(QueueTest, APopperThatIsStoppedTakesNothing) {
    Numbers queue(context_.get_executor(), 1);
    TaskGroup tasks(context_.get_executor());
    std::vector<int> popped;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("pop", pop_all(queue, popped));
        co_await sleep_for(5ms);
        co_await tasks.stop();
    };
    test::run_coroutine(context_, test);
    EXPECT_TRUE(queue.try_push(std::make_unique<int>(1)));
    EXPECT_EQ(queue.size(), 1U);
}

}  // namespace
}  // namespace chatear::net
