#include "net/completion.hpp"

#include "net/task_group.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace chatear::net {
namespace {

class CompletionTest : public testing::Test {
protected:
    asio::io_context context_;
};

asio::awaitable<void> take(Completion<std::unique_ptr<int>>& completion, int& taken) {
    std::unique_ptr<int> value = co_await completion.wait();
    taken = *value;
}

TEST_F(CompletionTest, HandsItsValueToTheOneWhoWaits) {
    Completion<std::unique_ptr<int>> completion(context_.get_executor());
    TaskGroup tasks(context_.get_executor());
    int taken = 0;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("take", take(completion, taken));
        EXPECT_FALSE(completion.finished());
        completion.set_value(std::make_unique<int>(7));
        EXPECT_TRUE(completion.finished());
        co_await tasks.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(taken, 7);
}

TEST_F(CompletionTest, ThrowsWhatItWasGiven) {
    Completion<int> completion(context_.get_executor());
    completion.set_exception(std::make_exception_ptr(std::runtime_error("broken")));
    const auto test = [&]() -> asio::awaitable<void> { (void)co_await completion.wait(); };
    EXPECT_THROW(test::run_coroutine(context_, test), std::runtime_error);
}

TEST_F(CompletionTest, MaySurviveTheOneWhoProduces) {
    TaskGroup tasks(context_.get_executor());
    auto completion = std::make_shared<Completion<std::unique_ptr<int>>>(context_.get_executor());
    int taken = 0;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("take", take(*completion, taken));
        completion->set_value(std::make_unique<int>(3));
        co_await tasks.join();
        completion.reset();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(taken, 3);
}

using CompletionDeathTest = CompletionTest;

TEST_F(CompletionDeathTest, IsFinishedOnce) {
    Completion<int> completion(context_.get_executor());
    completion.set_value(1);
    EXPECT_DEATH(completion.set_value(2), "assertion failed");
}

}  // namespace
}  // namespace chatear::net
