#include "smtp/carrier.hpp"
#include "support/coroutine.hpp"
#include "unit/smtp/dialogue.hpp"
#include "unit/smtp/served_pipeline.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
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

/// A connection with a window, and a message for it that may leave at once.
class OpenCarrier : public testing::Test {
protected:
    /// `test` has the carrier, and the tasks that it starts.
    void with_carrier(
        const std::function<asio::awaitable<void>(std::shared_ptr<Carrier>, net::TaskGroup&)>& test
    ) {
        const Envelope envelope{"shop@a.test", "ann@b.test", false};
        const ContentSource source = [this](const Capabilities&) {
            return Result<std::string>(content_);
        };
        const auto at_once = [this] {
            ++asked_;
            return std::optional(true);
        };
        const BeforeContent permission(at_once, []() -> asio::awaitable<bool> { co_return true; });
        const auto options = std::make_shared<const Options>(options_for(peer_.port()));
        const auto scenario = [&]() -> asio::awaitable<void> {
            const auto executor = context_.get_executor();
            Submission message(executor, envelope, source, permission, [](Submission&) {});
            OneMessage owner(message);
            net::TaskGroup tasks(executor);
            auto session = std::make_unique<Session>(executor, options);
            net::Resolver resolver(executor);
            const std::optional<OpenFailure> failure = co_await session->open(resolver);
            EXPECT_FALSE(failure);
            auto carrier =
                std::make_shared<Carrier>(std::move(session), options, window_of_4, owner, tasks);
            co_await test(std::move(carrier), tasks);
        };
        chatear::test::run_coroutine(context_, scenario);
    }

    asio::io_context context_;
    ScriptedPeer peer_{join({chunking_hello(), PeerScript{chatear::test::stall()}})};
    std::string content_ = content;
    int asked_ = 0;
};

TEST_F(OpenCarrier, IsKeptByAWriteThatHasNotBegun) {
    constexpr std::size_t more_than_a_socket_takes = std::size_t{64} * 1024 * 1024;
    content_ = std::string(more_than_a_socket_takes, 'x');
    const auto test = [](std::shared_ptr<Carrier> carrier,
                         net::TaskGroup& tasks) -> asio::awaitable<void> {
        const std::weak_ptr<Carrier> left = carrier;
        carrier->work();
        EXPECT_EQ(tasks.size(), 1U) << "the rest of the write is left to a task";
        carrier->close();
        carrier.reset();
        EXPECT_FALSE(left.expired());
        co_await tasks.join();
        EXPECT_TRUE(left.expired());
    };
    with_carrier(test);
}

TEST_F(OpenCarrier, BeginsNothingBetweenItsCloseAndItsEnd) {
    const auto test = [](std::shared_ptr<Carrier> carrier,
                         net::TaskGroup& /*tasks*/) -> asio::awaitable<void> {
        EXPECT_TRUE(carrier->has_room());
        carrier->close();
        EXPECT_FALSE(carrier->has_room());
        carrier->work();
        co_return;
    };
    with_carrier(test);
    EXPECT_EQ(asked_, 0) << "its content would be in doubt";
}

}  // namespace
}  // namespace chatear::smtp::test
