#include "deletion/scheduler.hpp"

#include "base/error.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>

namespace chatear::deletion {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::IsEmpty;

/// Does what the test says at each pass.
class ScriptedPass final : public Pass {
public:
    explicit ScriptedPass(const asio::any_io_executor& executor) : changed(executor) {}

    asio::awaitable<milliseconds> run() override {
        ++runs;
        changed.notify_all();
        if (down) {
            throw Unavailable("postgres", "test:1", "the test says so");
        }
        if (breaks) {
            throw std::runtime_error("nobody foresaw this");
        }
        co_return wait;
    }
    void drain() override { drained = true; }
    asio::awaitable<void> finished() override {
        while (!ended) {
            co_await changed.wait();
        }
    }
    asio::awaitable<void> stop() override {
        stopped = true;
        co_return;
    }

    asio::awaitable<void> reached(int count) {
        while (runs < count) {
            co_await changed.wait();
        }
    }

    net::Notification changed;
    milliseconds wait{hours(1)};
    bool down = false;
    bool breaks = false;
    bool ended = true;
    int runs = 0;
    bool drained = false;
    bool stopped = false;
};

class SchedulerTest : public testing::Test {
protected:
    SchedulerTest() {
        // Nobody listens there: notifications never come.
        database_.url = Secret("postgres://nobody@127.0.0.1:1/none?connect_timeout=1");
    }

    void run(const std::function<asio::awaitable<void>(Scheduler&)>& body) {
        Scheduler scheduler(
            context_.get_executor(), database_, "channel", {{"one", one_}, {"two", two_}}
        );
        const auto whole = [&]() -> asio::awaitable<void> {
            scheduler.start();
            co_await body(scheduler);
            co_await scheduler.stop();
        };
        test::run_coroutine(context_, whole);
        EXPECT_TRUE(one_->stopped);
    }

    struct Troubles {
        std::string meanwhile;
        std::string afterwards = "?";
    };

    /// What the scheduler says while `wrong` is so for the second pass, and then while it is not.
    Troubles troubles_while(bool& wrong) {
        wrong = true;
        one_->wait = milliseconds(1);
        Troubles troubles;
        const auto body = [&](Scheduler& scheduler) -> asio::awaitable<void> {
            co_await one_->reached(5);
            troubles.meanwhile = scheduler.trouble();
            wrong = false;
            co_await two_->reached(2);
            co_await net::sleep_for(milliseconds(1));
            troubles.afterwards = scheduler.trouble();
        };
        run(body);
        return troubles;
    }

    asio::io_context context_;
    postgres::ConnectionOptions database_;
    std::shared_ptr<ScriptedPass> one_ = std::make_shared<ScriptedPass>(context_.get_executor());
    std::shared_ptr<ScriptedPass> two_ = std::make_shared<ScriptedPass>(context_.get_executor());
};

TEST_F(SchedulerTest, Rule12RepeatsEachPassAsOftenAsItSays) {
    one_->wait = milliseconds(1);
    const auto body = [&](Scheduler& scheduler) -> asio::awaitable<void> {
        co_await one_->reached(5);
        EXPECT_THAT(scheduler.trouble(), IsEmpty());
    };
    run(body);
    EXPECT_EQ(two_->runs, 1);
}

TEST_F(SchedulerTest, Rule12OneThatCannotWorkKeepsNoOther) {
    const Troubles troubles = troubles_while(two_->down);
    EXPECT_THAT(troubles.meanwhile, HasSubstr("two: postgres is down"));
    EXPECT_EQ(troubles.afterwards, "");
}

TEST_F(SchedulerTest, WhatATaskDidNotForeseeEndsNeitherItNorTheProcess) {
    const Troubles troubles = troubles_while(two_->breaks);
    EXPECT_THAT(troubles.meanwhile, HasSubstr("two: it failed: nobody foresaw this"));
    EXPECT_EQ(troubles.afterwards, "");
}

TEST_F(SchedulerTest, DrainsWhenWhatWasBegunHasEnded) {
    one_->ended = false;
    bool early = true;
    bool empty = false;
    const auto body = [&](Scheduler& scheduler) -> asio::awaitable<void> {
        co_await one_->reached(1);
        co_await two_->reached(1);
        scheduler.drain();
        early = co_await scheduler.emptied(milliseconds(20));
        one_->ended = true;
        one_->changed.notify_all();
        empty = co_await scheduler.emptied(milliseconds(5'000));
    };
    run(body);
    EXPECT_FALSE(early);
    EXPECT_TRUE(empty);
    EXPECT_TRUE(one_->drained && two_->drained);
    EXPECT_EQ(one_->runs, 1);
}

}  // namespace
}  // namespace chatear::deletion
