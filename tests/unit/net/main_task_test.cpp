#include "net/main_task.hpp"

#include "net/timer.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace chatear::net {
namespace {

asio::awaitable<int> give(int value) {
    co_await sleep_for(milliseconds(1));
    co_return value;
}

asio::awaitable<int> fail() {
    co_await sleep_for(milliseconds(1));
    throw std::runtime_error("no");
}

TEST(MainTask, GivesItsValue) {
    asio::io_context context;
    EXPECT_EQ(run_main_task(context, give(3)), 3);
}

TEST(MainTask, ThrowsWhatItThrew) {
    asio::io_context context;
    EXPECT_THROW((void)run_main_task(context, fail()), std::runtime_error);
}

}  // namespace
}  // namespace chatear::net
