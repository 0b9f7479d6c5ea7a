#include "deletion/intake_desk.hpp"

#include "fakes.hpp"
#include "nats/connection.hpp"
#include "net/task_group.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Desk : public testing::Test {
protected:
    runtime::Delivery delivery() {
        auto event = std::make_shared<runtime::Event>();
        event->event_id = "e1";
        event->generation = 2;
        event->published_at = at(11);
        return runtime::Delivery(
            std::make_shared<runtime::Delivery::State>(std::move(event), runtime::Claim{}, judge_)
        );
    }

    static nats::ConnectionOptions nowhere() {
        nats::ConnectionOptions options;
        options.servers = nats::parse_server_urls("nats://127.0.0.1:1").value();
        return options;
    }

    runtime::Outcome on_delete() {
        runtime::Outcome outcome;
        const auto body = [&]() -> asio::awaitable<void> {
            UserDelete event{"7", ""};
            runtime::Delivery of = delivery();
            outcome = co_await desk_.on_delete(std::move(event), std::move(of));
        };
        test::run_coroutine(context_, body);
        return outcome;
    }

    void enter_at_once(int requests) {
        net::TaskGroup tasks(context_.get_executor());
        const auto body = [&]() -> asio::awaitable<void> {
            const auto one = [](IntakeDesk& desk, int number) -> asio::awaitable<void> {
                Request request;
                request.kind = RequestKind::recovery;
                request.event_id = std::to_string(number);
                (void)co_await desk.enter(std::move(request));
            };
            for (int number = 0; number < requests; ++number) {
                tasks.start("request", one(desk_, number));
            }
            co_await tasks.join();
        };
        test::run_coroutine(context_, body);
    }

    asio::io_context context_;
    FakeDeletionStore store_;
    FakeMailJudge judge_;
    ManualClock clock_{at(12)};
    runtime::Metrics metrics_;
    Journal journal_{metrics_};
    nats::Connection nats_{context_.get_executor(), nowhere()};  // Never started: it is down.
    NatsClock nats_clock_{nats_, store_, clock_};
    IntakeDesk desk_{context_.get_executor(), store_, nats_clock_, journal_};
};

TEST_F(Desk, Rule1AnEventIsEnteredUnderItsKey) {
    EXPECT_TRUE(std::holds_alternative<runtime::Done>(on_delete()));
    ASSERT_EQ(store_.entered.size(), 1U);
    const Request& request = store_.entered[0];
    EXPECT_EQ(request.kind, RequestKind::deletion);
    EXPECT_EQ(request.event_id, "e1");
    EXPECT_EQ(request.generation, 2U);
    EXPECT_EQ(request.published_at, at(11));
    EXPECT_EQ(request.user_id, "7");
    EXPECT_FALSE(request.by_page);
}

TEST_F(Desk, Rule1OnlyARejectionIsADeadLetter) {
    RequestReply reply;
    store_.on_enter = [&](const Request&) { return reply; };
    for (const RequestOutcome done :
         {RequestOutcome::accepted,
          RequestOutcome::pending,
          RequestOutcome::done_before,
          RequestOutcome::superseded,
          RequestOutcome::held,
          RequestOutcome::nothing,
          RequestOutcome::too_late}) {
        reply.outcome = done;
        EXPECT_TRUE(std::holds_alternative<runtime::Done>(on_delete())) << to_text(done);
    }
    reply.outcome = RequestOutcome::rejected;
    reply.reason = "there is no such user";
    const runtime::Outcome rejected = on_delete();
    ASSERT_TRUE(std::holds_alternative<runtime::Reject>(rejected));
    EXPECT_EQ(std::get<runtime::Reject>(rejected).reason, "there is no such user");
}

TEST_F(Desk, ManyRequestsAreOneBatch) {
    enter_at_once(300);
    EXPECT_THAT(store_.batches, ElementsAre(256, 44));
    EXPECT_EQ(store_.most_at_once, 1);
}

TEST_F(Desk, ASecondFullBatchIsEnteredBesideTheFirst) {
    enter_at_once(600);
    EXPECT_THAT(store_.batches, ElementsAre(256, 256, 88));
    EXPECT_EQ(store_.most_at_once, 2);
}

TEST_F(Desk, OneWhoseRowsAreLockedKeepsNoOther) {
    store_.on_enter = [](const Request& request) {
        if (request.user_id == "locked") {
            throw RequestBlocked("another transaction has its rows");
        }
        return RequestReply{};
    };
    int entered = 0;
    int blocked = 0;
    const auto enter = [&](std::string user) -> asio::awaitable<void> {
        Request request;
        request.kind = RequestKind::recovery;
        request.user_id = std::move(user);
        try {
            (void)co_await desk_.enter(std::move(request));
            ++entered;
        } catch (const RequestBlocked&) {
            ++blocked;
        }
    };
    const auto body = [&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        for (const std::string user : {"a", "locked", "b", "c"}) {
            tasks.start("request", enter(user));
        }
        co_await tasks.join();
    };
    test::run_coroutine(context_, body);
    EXPECT_EQ(entered, 3);
    EXPECT_EQ(blocked, 1);
}

TEST_F(Desk, ARecoveryNeedsNoNatsAndADeletionIsEnteredWithoutAComparison) {
    on_delete();
    ASSERT_EQ(store_.offsets.size(), 1U);
    EXPECT_FALSE(store_.offsets[0].has_value());
    const std::size_t readings = store_.calls.size();
    const auto body = [&]() -> asio::awaitable<void> {
        Request request;
        request.kind = RequestKind::recovery;
        request.by_page = true;
        (void)co_await desk_.enter(std::move(request));
    };
    test::run_coroutine(context_, body);
    EXPECT_EQ(store_.calls.size(), readings + 1);
}

TEST_F(Desk, WhatHappensIsCounted) {
    on_delete();
    EXPECT_THAT(metrics_.text(), HasSubstr("chatear_deletions_total{step=\"delete_accepted\"} 1"));
}

}  // namespace
}  // namespace chatear::deletion
