#include "smtp/carrier.hpp"
#include "support/coroutine.hpp"
#include "unit/smtp/dialogue.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace chatear::smtp::test {
namespace {

using chatear::test::PeerScript;
using chatear::test::ScriptedPeer;

/// Has one message, which may leave.
class OneMessage : public CarrierOwner {
public:
    explicit OneMessage(Submission& message) : message_(&message) {}

    Submission* next_message(Carrier& /*carrier*/) override {
        return std::exchange(message_, nullptr);
    }
    void on_ended(Carrier& /*carrier*/, Submission& message, SendResult result) override {
        message.end(std::move(result), false, false);
    }
    void on_idle(Carrier& /*carrier*/) override {}
    void on_learnt(Carrier& /*carrier*/, const Conduct& /*before*/) override {}

private:
    Submission* message_;
};

TEST(Carrier, IsKeptByAWriteThatHasNotBegun) {
    constexpr std::size_t more_than_a_socket_takes = std::size_t{64} * 1024 * 1024;
    ScriptedPeer peer(join({chunking_hello(), PeerScript{chatear::test::stall()}}));
    asio::io_context context;
    const auto options = std::make_shared<const Options>(options_for(peer.port()));
    const Envelope envelope{"shop@a.test", "ann@b.test", false};
    const ContentSource source = [](const Capabilities&) {
        return Result<std::string>(std::string(more_than_a_socket_takes, 'x'));
    };
    const BeforeContent permission(
        [] { return std::optional(true); }, []() -> asio::awaitable<bool> { co_return true; }
    );
    const auto scenario = [&]() -> asio::awaitable<void> {
        const auto executor = context.get_executor();
        Submission message(executor, envelope, source, permission, [](Submission&) {});
        OneMessage owner(message);
        net::TaskGroup tasks(executor);
        auto session = std::make_unique<Session>(executor, options);
        net::Resolver resolver(executor);
        const std::optional<OpenFailure> failure = co_await session->open(resolver);
        EXPECT_FALSE(failure);
        const Conduct window{
            .pipelining = true,
            .merging = true,
            .chunking = true,
            .chunking_proven = true,
            .window = 4};
        auto carrier = std::make_shared<Carrier>(std::move(session), options, window, owner, tasks);
        const std::weak_ptr<Carrier> left = carrier;
        carrier->work();
        EXPECT_EQ(tasks.size(), 1U) << "the rest of the write is left to a task";
        carrier->close();
        carrier.reset();
        EXPECT_FALSE(left.expired());
        co_await tasks.join();
        EXPECT_TRUE(left.expired());
    };
    chatear::test::run_coroutine(context, scenario);
}

TEST(Carrier, BeginsNothingBetweenItsCloseAndItsEnd) {
    ScriptedPeer peer(join({chunking_hello(), PeerScript{chatear::test::stall()}}));
    asio::io_context context;
    const auto options = std::make_shared<const Options>(options_for(peer.port()));
    const Envelope envelope{"shop@a.test", "ann@b.test", false};
    const ContentSource source = [](const Capabilities&) { return Result<std::string>(content); };
    int asked = 0;
    const auto at_once = [&asked] {
        ++asked;
        return std::optional(true);
    };
    const BeforeContent permission(at_once, []() -> asio::awaitable<bool> { co_return true; });
    const auto scenario = [&]() -> asio::awaitable<void> {
        const auto executor = context.get_executor();
        Submission message(executor, envelope, source, permission, [](Submission&) {});
        OneMessage owner(message);
        net::TaskGroup tasks(executor);
        auto session = std::make_unique<Session>(executor, options);
        net::Resolver resolver(executor);
        const std::optional<OpenFailure> failure = co_await session->open(resolver);
        EXPECT_FALSE(failure);
        const Conduct window{.pipelining = true, .merging = true, .chunking = true, .window = 4};
        auto carrier = std::make_shared<Carrier>(std::move(session), options, window, owner, tasks);
        EXPECT_TRUE(carrier->has_room());
        carrier->close();
        EXPECT_FALSE(carrier->has_room());
        carrier->work();
    };
    chatear::test::run_coroutine(context, scenario);
    EXPECT_EQ(asked, 0) << "its content would be in doubt";
}

}  // namespace
}  // namespace chatear::smtp::test
