// A worker without PostgreSQL over a real JetStream (rule 17).
#include "runtime/delivery_count_judge.hpp"

#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "runtime/streams.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

class DeliveryCountJudgeTest : public testing::Test {
protected:
    DeliveryCountJudgeTest() {
        server_.start();
        nats::ConnectionOptions options;
        options.servers = nats::parse_server_urls(server_.url()).value();
        options.reconnect_first = 20ms;
        connection_.emplace(context_.get_executor(), options);
        jetstream_.emplace(*connection_, 2s);
        judge_.emplace(*connection_, gate_);
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto test = [&]() -> asio::awaitable<void> {
            connection_->start();
            while (!connection_->connected()) {
                co_await net::sleep_for(5ms);
            }
            co_await body();
            co_await connection_->stop();
        };
        test::run_coroutine(context_, test, 60s);
    }

    asio::awaitable<void> make_dead_letters() {
        nats::StreamDeclaration declaration = declare_dead_letters(1);
        const auto made = co_await nats::reconcile(*jetstream_, std::move(declaration));
        EXPECT_TRUE(made);
    }

    asio::awaitable<std::uint64_t> dead_letters() {
        const auto info = co_await jetstream_->stream_info("DEAD_LETTERS");
        co_return info ? info->messages : 0;
    }

    static Event event(std::uint64_t sequence, const std::string& payload) {
        Event event;
        event.message.subject = "greeting.send";
        event.message.payload = payload;
        event.message.stream = "GREETING";
        event.message.stream_sequence = sequence;
        event.message.stored_at_ns = 1'700'000'000'000'000'000;
        event.event_id = "order-7";
        event.content_sha256 = std::string(32, 'c');
        return event;
    }

    /// What becomes of a delivery whose handler ended so.
    asio::awaitable<Settlement> settle(Event of, Outcome outcome, std::uint32_t attempts) {
        const VerdictContext context{
            .event = of, .worker = "test-worker", .attempts = attempts, .random = 0.5};
        Verdict verdict = decide(outcome, context);
        const Claim claim;
        std::vector<std::optional<std::string>> none;
        co_return co_await judge_->record(of, claim, std::move(verdict), std::move(none));
    }

    static asio::awaitable<void> settle_into(
        DeliveryCountJudgeTest& test, Event of, Outcome outcome, std::optional<Settlement>& into
    ) {
        const Settlement settlement = co_await test.settle(std::move(of), std::move(outcome), 0);
        into = settlement;
    }

    asio::io_context context_;
    test::NatsServer server_;
    ManualClock clock_{Time()};
    ContentGate gate_{clock_};
    std::optional<nats::Connection> connection_;
    std::optional<nats::JetStream> jetstream_;
    std::optional<DeliveryCountJudge> judge_;
};
using Rule17Judge = DeliveryCountJudgeTest;

TEST_F(Rule17Judge, AttemptsAreDeliveries) {
    run([this]() -> asio::awaitable<void> {
        for (const std::uint64_t delivered : {0U, 1U, 2U, 10U}) {
            Event of = event(1, "x");
            of.message.delivered = delivered;
            std::vector<std::optional<std::string>> none;
            const ClaimReply reply = co_await judge_->claim(of, 1, std::move(none));
            EXPECT_EQ(reply.answer, ClaimAnswer::granted);
            EXPECT_EQ(reply.attempts, delivered == 0 ? 0 : delivered - 1);
        }
    });
}

TEST_F(Rule17Judge, WaitingIsADelayedNakAndTheEndAnAck) {
    run([this]() -> asio::awaitable<void> {
        Event of = event(1, "x");
        Outcome retry = Retry{"try later", 7s};
        const Settlement retried = co_await settle(of, std::move(retry), 0);
        EXPECT_EQ(retried.action, Settlement::Action::nak);
        EXPECT_EQ(retried.delay, 7s);
        Outcome done = Done{};
        const Settlement ended = co_await settle(of, std::move(done), 0);
        EXPECT_EQ(ended.action, Settlement::Action::ack);
    });
}

TEST_F(Rule17Judge, TheLastAttemptIsADeadLetterThatTheStreamHasBeforeTheAck) {
    run([this]() -> asio::awaitable<void> {
        co_await make_dead_letters();
        Event of = event(1, "x");
        Outcome retry = Retry{"again"};
        const Settlement settlement = co_await settle(of, std::move(retry), 9);
        EXPECT_EQ(settlement.action, Settlement::Action::ack);
        const std::uint64_t count = co_await dead_letters();
        EXPECT_EQ(count, 1U);
    });
}

TEST_F(Rule17Judge, WithoutItsStreamADeadLetterWaitsAndNothingIsAcked) {
    net::TaskGroup tasks(context_.get_executor());
    run([&]() -> asio::awaitable<void> {
        std::optional<Settlement> settlement;
        Event of = event(1, "x");
        Outcome reject = Reject{"never"};
        tasks.start("settle", settle_into(*this, std::move(of), std::move(reject), settlement));
        co_await net::sleep_for(400ms);
        EXPECT_FALSE(settlement);
        co_await make_dead_letters();
        co_await tasks.join();
        EXPECT_TRUE(settlement);
        const std::uint64_t count = co_await dead_letters();
        EXPECT_EQ(count, 1U);
    });
}

TEST_F(Rule17Judge, ADeadLetterThatItsStreamRefusesStaysWhereItWasAndHoldsNoPlace) {
    run([this]() -> asio::awaitable<void> {
        nats::StreamDeclaration declaration = declare_dead_letters(1);
        nats::StreamConfig config =
            nats::to_config(declaration, jetstream_->connection().max_payload());
        config.max_message_bytes = 1024;
        const auto made = co_await jetstream_->create_stream(config);
        EXPECT_TRUE(made);
        Event of = event(1, std::string(2048, 'x'));
        Outcome reject = Reject{"never"};
        const Settlement settlement = co_await settle(of, std::move(reject), 0);
        EXPECT_EQ(settlement.action, Settlement::Action::nak);
        EXPECT_GE(settlement.delay, 1min);
    });
}

TEST_F(Rule17Judge, OneDeliveryTwiceIsOneDeadLetterTwoEventsOfOneIdAreTwo) {
    run([this]() -> asio::awaitable<void> {
        co_await make_dead_letters();
        for (const std::uint64_t sequence : {1U, 1U, 2U}) {
            Event of = event(sequence, "x");
            Outcome reject = Reject{"never"};
            (void)co_await settle(of, std::move(reject), 0);
        }
        const std::uint64_t count = co_await dead_letters();
        EXPECT_EQ(count, 2U) << "nothing here keeps an id from being published twice";
    });
}

TEST_F(Rule17Judge, NoContentBeginsOnceTheProcessStops) {
    run([this]() -> asio::awaitable<void> {
        Event of = event(1, "x");
        Claim claim;
        const bool before = co_await judge_->begin_content(of, claim);
        EXPECT_TRUE(before);
        gate_.close();
        const bool after = co_await judge_->begin_content(of, claim);
        EXPECT_FALSE(after);
    });
}

}  // namespace
}  // namespace chatear::runtime
