#pragma once

#include "fakes.hpp"
#include "net/timer.hpp"
#include "runtime/consumer.hpp"
#include "support/coroutine.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace chatear::runtime {

using namespace std::chrono_literals;

struct TestEvent {
    std::string text;
};
BOOST_DESCRIBE_STRUCT(TestEvent, (), (text))

/// A consumer between an event source and a judge of the test's.
class ConsumerTest : public testing::Test {
protected:
    ConsumerTest() {
        options_.worker = "test-worker";
        options_.concurrency = 4;
        options_.in_progress_every = 5ms;
        options_.first_probe = 5ms;
        options_.longest_probe = 20ms;
    }

    static std::string payload(const std::string& text) { return R"({"text":")" + text + "\"}"; }

    void give(const std::string& id) { source_.give(id, payload(id)); }

    /// What a handler does with an event; Done unless the test says otherwise.
    asio::awaitable<Outcome> handle(TestEvent event, Delivery delivery) {
        ++running_;
        most_running_ = std::max(most_running_, running_);
        handled_.push_back(event.text);
        const AtEnd at_end{running_};
        if (handler_) {
            co_return co_await handler_(std::move(event), std::move(delivery));
        }
        co_await net::sleep_for(1ms);
        co_return Done{};
    }

    struct AtEnd {
        int& running;
        ~AtEnd() { --running; }
    };

    void make_consumer() {
        Handler<TestEvent> handler = [this](TestEvent event, Delivery delivery) {
            return handle(std::move(event), std::move(delivery));
        };
        Subscription subscription = make_subscription<TestEvent>(
            "test.event", std::move(handler), std::move(subject_options_)
        );
        if (decode_) {
            subscription.decode = decode_;
        }
        consumer_.emplace(
            context_.get_executor(),
            source_,
            judge_,
            turnstile_,
            gate_,
            clock_,
            std::move(subscription),
            options_
        );
        if (rate_) {
            consumer_->pace(*rate_);
        }
        const auto on_outcome = [this](std::string_view outcome, std::chrono::nanoseconds) {
            outcomes_.emplace_back(outcome);
        };
        consumer_->observe(on_outcome, [] {});
    }

    /// Runs the consumer until `enough` holds, and drains it.
    void run(const std::function<bool()>& enough) {
        make_consumer();
        const auto test = [&]() -> asio::awaitable<void> {
            consumer_->start();
            while (!enough()) {
                co_await net::sleep_for(1ms);
            }
            consumer_->drain();
            const bool empty = co_await consumer_->emptied(2s);
            EXPECT_TRUE(empty);
            co_await consumer_->stop();
        };
        test::run_coroutine(context_, test);
    }

    bool settled(std::size_t count) const {
        return source_.acked.size() + source_.naked.size() >= count;
    }

    const ConsumerStatus& status() const { return consumer_->status(); }

    asio::io_context context_;
    ManualClock clock_{Time(1'700'000'000s)};
    ContentGate gate_{clock_};
    Turnstile turnstile_{context_.get_executor()};
    FakeEventSource source_{context_.get_executor()};
    FakeJudge judge_;
    ConsumerOptions options_;
    std::function<asio::awaitable<Outcome>(TestEvent, Delivery)> handler_;
    std::function<Result<DecodedEvent>(std::string_view)> decode_;  // In place of the codec.
    SubjectOptions<TestEvent> subject_options_;
    std::optional<Rate> rate_;
    std::vector<std::string> handled_;
    std::vector<std::string> outcomes_;  // As the metrics have them.
    int running_ = 0;
    int most_running_ = 0;
    std::optional<Consumer> consumer_;
};

}  // namespace chatear::runtime
