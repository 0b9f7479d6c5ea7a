#include "runtime/turnstile.hpp"

#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

class Rule19Turnstile : public testing::Test {
protected:
    asio::awaitable<void> visit(bool alone, std::chrono::milliseconds stay) {
        ++waiting_;
        if (alone) {
            const Turnstile::Place place = co_await turnstile_.enter_alone();
            --waiting_;
            co_await stay_inside(true, stay);
        } else {
            const Turnstile::Place place = co_await turnstile_.enter();
            --waiting_;
            co_await stay_inside(false, stay);
        }
    }

    asio::awaitable<void> stay_inside(bool alone, std::chrono::milliseconds stay) {
        ++inside_;
        most_inside_ = std::max(most_inside_, inside_);
        if (alone) {
            EXPECT_EQ(inside_, 1) << "alone is alone";
            ++alone_inside_;
        } else {
            EXPECT_EQ(alone_inside_, 0);
        }
        const Leave leave{*this, alone};
        co_await net::sleep_for(stay);
    }

    struct Leave {
        Rule19Turnstile& test;
        bool alone;
        ~Leave() {
            --test.inside_;
            test.alone_inside_ -= alone ? 1 : 0;
        }
    };

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    asio::io_context context_;
    Turnstile turnstile_{context_.get_executor()};
    net::TaskGroup tasks_{context_.get_executor()};
    int waiting_ = 0;
    int inside_ = 0;
    int alone_inside_ = 0;
    int most_inside_ = 0;
};

TEST_F(Rule19Turnstile, OthersRunSideBySideAndTheSuspectAlone) {
    run([this]() -> asio::awaitable<void> {
        for (int i = 0; i < 30; ++i) {
            tasks_.start("visit", visit(i % 5 == 2, std::chrono::milliseconds(i % 3)));
        }
        co_await tasks_.join();
    });
    EXPECT_GT(most_inside_, 1);
    EXPECT_EQ(turnstile_.inside(), 0U);
}

TEST_F(Rule19Turnstile, WhoWantsToBeAloneHoldsUpThoseWhoComeLater) {
    run([this]() -> asio::awaitable<void> {
        tasks_.start("first", visit(false, 5ms));
        co_await net::sleep_for(0ms);
        tasks_.start("alone", visit(true, 5ms));
        co_await net::sleep_for(0ms);
        tasks_.start("late", visit(false, 0ms));
        co_await net::sleep_for(1ms);
        EXPECT_EQ(waiting_, 2);
        co_await tasks_.join();
    });
}

TEST_F(Rule19Turnstile, OneWhoIsStoppedWhileHeWaitsHoldsUpNobody) {
    net::TaskGroup stopped(context_.get_executor());
    run([&]() -> asio::awaitable<void> {
        tasks_.start("first", visit(false, 20ms));
        co_await net::sleep_for(0ms);
        stopped.start("alone", visit(true, 0ms));
        co_await net::sleep_for(0ms);
        tasks_.start("late", visit(false, 0ms));
        co_await net::sleep_for(1ms);
        co_await stopped.stop();
        co_await tasks_.join();
    });
    EXPECT_EQ(most_inside_, 2);
}

}  // namespace
}  // namespace chatear::runtime
