#include "net/resolver.hpp"

#include "base/error.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::net {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using Endpoints = std::vector<asio::ip::tcp::endpoint>;

class ResolverTest : public testing::Test {
protected:
    Endpoints resolve(const std::string& host, std::chrono::milliseconds timeout = 20s) {
        Endpoints found;
        const auto test = [&]() -> asio::awaitable<void> {
            found = co_await resolver_.resolve("redis", host, 6379, timeout);
        };
        test::run_coroutine(context_, test);
        return found;
    }

    asio::io_context context_;
    Resolver resolver_{context_.get_executor()};
};

TEST_F(ResolverTest, FindsLocalhost) {
    const Endpoints found = resolve("localhost");
    ASSERT_FALSE(found.empty());
    for (const auto& endpoint : found) {
        EXPECT_TRUE(endpoint.address().is_loopback());
        EXPECT_EQ(endpoint.port(), 6379);
    }
}

TEST_F(ResolverTest, AddressesNeedNoNameServer) {
    EXPECT_EQ(resolve("127.0.0.1", 0ms).at(0).address().to_string(), "127.0.0.1");
    EXPECT_EQ(resolve("::1", 0ms).at(0).address().to_string(), "::1");
}

TEST_F(ResolverTest, ANameThatIsNoneIsUnavailable) {
    try {
        (void)resolve("no.such.host.invalid");
        FAIL() << "a name under .invalid was resolved (RFC 6761)";
    } catch (const Unavailable& unavailable) {
        EXPECT_EQ(unavailable.dependency(), "redis");
        EXPECT_EQ(unavailable.where(), "no.such.host.invalid:6379");
        EXPECT_THAT(unavailable.why(), HasSubstr("name not resolved"));
    }
}

TEST_F(ResolverTest, WaitsNoLongerThanItWasTold) {
    EXPECT_THROW((void)resolve("no.such.host.invalid", 0ms), Unavailable);
}

TEST_F(ResolverTest, TheLastGoodAnswerServesWhenThereIsNoNewOne) {
    const Endpoints first = resolve("localhost");
    EXPECT_EQ(resolve("localhost", 0ms), first);
}

asio::awaitable<void> resolve_and_note(
    Resolver& resolver, std::string host, milliseconds timeout, std::string& ended
) {
    std::string dependency = "redis";
    try {
        (void)co_await resolver.resolve(std::move(dependency), std::move(host), 6379, timeout);
        ended = "resolved";
    } catch (const Unavailable&) {
        ended = "unavailable";
    } catch (const std::exception& error) {
        ended = is_stop(error) ? "stopped" : error.what();
    }
}

TEST_F(ResolverTest, TheEndOfOnesTimeIsNotTheEndOfAnothers) {
    TaskGroup tasks(context_.get_executor());
    std::string hasty;
    std::string patient;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("patient", resolve_and_note(resolver_, "localhost", 20s, patient));
        tasks.start("hasty", resolve_and_note(resolver_, "no.such.host.invalid", 0ms, hasty));
        co_await tasks.join();
    };
    test::run_coroutine(context_, test);
    EXPECT_EQ(hasty, "unavailable");
    EXPECT_EQ(patient, "resolved");
}

TEST_F(ResolverTest, AStoppedTaskWaitsForNoNameServer) {
    TaskGroup tasks(context_.get_executor());
    std::string ended;
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("resolve", resolve_and_note(resolver_, "no.such.host.invalid", 20s, ended));
        co_await sleep_for(0ms);
        co_await tasks.stop();
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(ended, testing::AnyOf("stopped", "unavailable"));
}

TEST_F(ResolverTest, MayEndBeforeItsLookups) {
    TaskGroup tasks(context_.get_executor());
    std::string ended;
    auto resolver = std::make_unique<Resolver>(context_.get_executor());
    const auto test = [&]() -> asio::awaitable<void> {
        tasks.start("resolve", resolve_and_note(*resolver, "no.such.host.invalid", 20s, ended));
        co_await sleep_for(0ms);
        co_await tasks.stop();
        resolver.reset();
        co_await sleep_for(20ms);
    };
    test::run_coroutine(context_, test);
}

}  // namespace
}  // namespace chatear::net
