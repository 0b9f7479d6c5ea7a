#include "runtime/lease.hpp"

#include "fakes.hpp"
#include "support/coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using testing::ElementsAre;

class Rule7Lease : public testing::Test {
protected:
    asio::awaitable<void> until(std::size_t entries) {
        while (registry_.log.size() < entries) {
            co_await registry_.changed.wait();
        }
        co_await net::Notification(context_.get_executor()).wait_for(std::chrono::milliseconds(1));
    }

    asio::io_context context_;
    ManualClock clock_{Time()};
    ContentGate gate_{clock_};
    FakeRegistry registry_{context_.get_executor()};
};

TEST_F(Rule7Lease, RenewsThenSettlesItsPredecessorsAndReleasesAtTheEnd) {
    Lease lease(context_.get_executor(), registry_, gate_, clock_, [this] {
        return registry_.declare_dead({"old"});
    });
    const auto test = [&]() -> asio::awaitable<void> {
        lease.start();
        co_await until(2);
        EXPECT_TRUE(gate_.lease_fresh());
        const bool released = co_await lease.release();
        EXPECT_TRUE(released);
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(registry_.log, ElementsAre("renew", "declare dead old", "release"));
}

TEST_F(Rule7Lease, AnOutageLeavesTheGateShut) {
    Lease lease(context_.get_executor(), registry_, gate_, clock_, {});
    registry_.outage.down = true;
    const auto test = [&]() -> asio::awaitable<void> {
        lease.start();
        co_await until(1);
        EXPECT_FALSE(gate_.lease_fresh());
        const bool released = co_await lease.release();
        EXPECT_FALSE(released);
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(registry_.log, ElementsAre("failed: renew", "failed: release"));
}

TEST_F(Rule7Lease, StoppedWithoutAReleaseItsClaimsDieByThemselves) {
    Lease lease(context_.get_executor(), registry_, gate_, clock_, {});
    const auto test = [&]() -> asio::awaitable<void> {
        lease.start();
        co_await until(1);
        co_await lease.stop();
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(registry_.log, ElementsAre("renew"));
}

TEST_F(Rule7Lease, WithoutAStartThereIsNothingToRelease) {
    Lease lease(context_.get_executor(), registry_, gate_, clock_, {});
    const auto test = [&]() -> asio::awaitable<void> {
        const bool released = co_await lease.release();
        EXPECT_TRUE(released);
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(registry_.log, testing::IsEmpty());
}

}  // namespace
}  // namespace chatear::runtime
