#pragma once

#include "net/timer.hpp"
#include "smtp/carrier.hpp"
#include "support/coroutine.hpp"
#include "unit/smtp/dialogue.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::smtp::test {

/// What became of the messages of one connection.
struct Outcome {
    std::optional<OpenFailure> failure;
    std::vector<SendResult> results;
    bool usable = false;  // To the end, when it was retired.
    int asked = 0;        // How often a content's permission was asked for.
    Conduct conduct;
    std::string why_ended;

    const SendResult& result() const { return results.at(0); }
    std::vector<SendStatus> statuses() const {
        std::vector<SendStatus> found;
        for (const SendResult& one : results) {
            found.push_back(one.status);
        }
        return found;
    }
};

/// Sends messages over one connection, and has nothing else to give it.
class OnlyConnection : private CarrierOwner {
public:
    OnlyConnection(Options options, std::size_t messages, bool permitted)
        : options_(std::make_shared<const Options>(std::move(options))),
          permitted_(permitted),
          tasks_(context_.get_executor()) {
        outcome_.results.resize(messages);
    }

    ContentSource source = [](const Capabilities&) { return Result<std::string>(content); };

    Outcome run(std::function<Conduct(const Extensions&)> conduct) {
        const auto scenario = [&]() -> asio::awaitable<void> {
            auto session = std::make_unique<Session>(context_.get_executor(), options_);
            net::Resolver resolver(context_.get_executor());
            outcome_.failure = co_await session->open(resolver);
            if (!outcome_.failure) {
                const Conduct its_conduct = conduct(session->extensions());
                co_await carry(std::move(session), its_conduct);
            }
        };
        chatear::test::run_coroutine(context_, scenario);
        return std::move(outcome_);
    }

private:
    asio::awaitable<void> carry(std::unique_ptr<Session> session, Conduct conduct) {
        CarrierOwner& owner = *this;
        carrier_ = std::make_shared<Carrier>(std::move(session), options_, conduct, owner, tasks_);
        net::TaskGroup senders(context_.get_executor());
        for (std::size_t number = 0; number < outcome_.results.size(); ++number) {
            senders.start("sender", send(number));
        }
        tasks_.start("carrier", run_carrier(outcome_.results.size()));
        co_await senders.join();
        outcome_.usable = carrier_->usable();
        carrier_->retire();
        co_await tasks_.join();
        outcome_.conduct = carrier_->conduct();
        outcome_.why_ended = carrier_->why_ended();
    }

    /// All messages are there before it begins; those it never took are not sent.
    asio::awaitable<void> run_carrier(std::size_t messages) {
        while (waiting_.size() < messages) {
            co_await net::sleep_for(std::chrono::milliseconds(0));
        }
        carrier_->work();
        co_await carrier_->run();
        for (Submission* message : std::exchange(waiting_, {})) {
            message->end(SendResult{}, false, false);
        }
    }

    /// Every other message is answered at once, as most are; the rest takes a turn of the loop.
    asio::awaitable<void> send(std::size_t number) {
        const Envelope envelope{"shop@a.test", "ann@b.test", false};
        const BeforeContent permission(
            [this, number] { return answer_at_once(number); },
            []() -> asio::awaitable<bool> { co_return true; }
        );
        const auto executor = context_.get_executor();
        Submission message(executor, envelope, source, permission, [](Submission&) {});
        waiting_.push_back(&message);
        Submission::Event event = co_await message.next_event();
        while (event == Submission::Event::asked) {
            ++outcome_.asked;
            message.answer(permitted_);
            event = co_await message.next_event();
        }
        outcome_.results[number] = message.result();
    }

    std::optional<bool> answer_at_once(std::size_t number) {
        if (number % 2 == 0) {
            return std::nullopt;
        }
        ++outcome_.asked;
        return permitted_;
    }

    Submission* next_message(Carrier& /*carrier*/) override {
        if (waiting_.empty()) {
            return nullptr;
        }
        Submission* const first = waiting_.front();
        waiting_.pop_front();
        return first;
    }
    void on_ended(Carrier& carrier, Submission& message, SendResult result) override {
        message.end(std::move(result), false, carrier.completed() > 0);
    }
    void on_idle(Carrier& /*carrier*/) override {}
    void on_learnt(Carrier& /*carrier*/, const Conduct& /*before*/) override {}

    asio::io_context context_;
    std::shared_ptr<const Options> options_;
    bool permitted_;
    Outcome outcome_;
    std::deque<Submission*> waiting_;
    std::shared_ptr<Carrier> carrier_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::smtp::test
