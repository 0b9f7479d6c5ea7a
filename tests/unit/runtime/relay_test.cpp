#include "runtime/relay.hpp"

#include "fakes.hpp"
#include "net/timer.hpp"
#include "runtime/headers.hpp"
#include "support/coroutine.hpp"
#include "support/memory_outbox.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::UnorderedElementsAre;

class RelayTest : public testing::Test {
protected:
    asio::awaitable<void> until_logged(std::size_t entries) {
        while (outbox_.log.size() < entries) {
            co_await outbox_.changed.wait();
        }
    }

    void run(std::size_t entries) {
        const auto test = [&]() -> asio::awaitable<void> {
            relay_.start();
            co_await until_logged(entries);
            co_await relay_.stop();
        };
        test::run_coroutine(context_, test);
    }

    static nats::PublishResult stream_down(const std::string& reason) {
        return nats::PublishError{nats::PublishError::Kind::stream_unavailable, reason};
    }

    asio::io_context context_;
    test::MemoryOutbox outbox_{context_.get_executor()};
    FakePublisher publisher_;
    Relay relay_{context_.get_executor(), outbox_, publisher_, "notification-worker"};
};

using Rule14Relay = RelayTest;
using Rule15Relay = RelayTest;

TEST_F(Rule14Relay, ARowsIdIsItsMessageId) {
    outbox_.give("uuid-1", "email.send");
    outbox_.rows["uuid-1"].row.headers = {{"Trace", "t"}, {"Nats-Msg-Id", "another"}};
    run(1);
    ASSERT_EQ(publisher_.published.size(), 1U);
    const nats::Message& message = publisher_.published[0];
    EXPECT_EQ(message.subject, "email.send");
    EXPECT_EQ(message.payload, "payload of uuid-1");
    EXPECT_EQ(find_header(message.headers, "Nats-Msg-Id"), "uuid-1");
    EXPECT_EQ(find_header(message.headers, "Trace"), "t");
    EXPECT_EQ(outbox_.last_lease, 60s);
    EXPECT_EQ(relay_.status().published, 1U);
}

TEST_F(Rule14Relay, ARowGoesOnlyWhenJetStreamHasItsMessage) {
    outbox_.give("uuid-1", "email.send");
    publisher_.answer = [this](const auto&) -> nats::PublishResult {
        EXPECT_THAT(outbox_.log, testing::IsEmpty());
        EXPECT_TRUE(outbox_.rows.contains("uuid-1"));
        return nats::PublishReply{};
    };
    run(1);
    EXPECT_THAT(outbox_.log, ElementsAre("remove uuid-1"));
}

TEST_F(Rule14Relay, ARemovalThatMetAnOutageIsRepeatedAndNothingPublishedAgain) {
    outbox_.give("uuid-1", "email.send");
    publisher_.answer = [this](const auto&) -> nats::PublishResult {
        outbox_.down = true;
        asio::post(context_, [this] { asio::post(context_, [this] { outbox_.down = false; }); });
        return nats::PublishReply{};
    };
    run(1);
    EXPECT_THAT(outbox_.log, ElementsAre("remove uuid-1"));
    EXPECT_EQ(publisher_.published.size(), 1U);
}

TEST_F(Rule14Relay, WhenNatsIsDownTheRowComesBack) {
    outbox_.give("uuid-1", "email.send");
    publisher_.answer = [](const auto&) -> nats::PublishResult {
        throw Unavailable("nats", "test:1", "down");
    };
    run(1);
    EXPECT_THAT(outbox_.log, ElementsAre("put back uuid-1"));
    EXPECT_EQ(relay_.status().put_back, 1U);
    EXPECT_NE(relay_.status().trouble, "");
}

TEST_F(Rule15Relay, AStreamThatIsDownBacksOffAlone) {
    outbox_.give("uuid-1", "down.subject");
    publisher_.answer = [](const nats::Message& message) -> nats::PublishResult {
        return message.subject == "down.subject" ? stream_down("no quorum") : nats::PublishReply{};
    };
    const auto test = [&]() -> asio::awaitable<void> {
        relay_.start();
        co_await until_logged(1);
        outbox_.give("uuid-2", "email.send");
        relay_.wake();
        co_await until_logged(2);
        co_await relay_.stop();
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(outbox_.log, ElementsAre("put back uuid-1", "remove uuid-2"));
    EXPECT_THAT(outbox_.skipped, ElementsAre("down.subject"));
    EXPECT_EQ(relay_.status().refused, 0U);
}

TEST_F(Rule15Relay, WhatAProducerWouldTellTheServerIsKeptFromIt) {
    outbox_.give("uuid-1", "own.subject");
    outbox_.rows["uuid-1"].row.headers = {
        {"Nats-Rollup", "all"}, {"Nats-Expected-Last-Sequence", "7"}};
    run(1);
    const Headers& headers = publisher_.published.at(0).headers;
    EXPECT_FALSE(find_header(headers, "Nats-Rollup"));
    EXPECT_FALSE(find_header(headers, "Nats-Expected-Last-Sequence"));
    EXPECT_EQ(find_header(headers, "Chatear-Original-Nats-Rollup"), "all");
}

TEST_F(Rule15Relay, ARefusedRetryBecomesADeadLetterThatNamesItsRow) {
    outbox_.give("uuid-1", "email.send", OutboxKind::event);
    publisher_.answer = [](const auto&) -> nats::PublishResult {
        return nats::PublishError{nats::PublishError::Kind::refused, "too\r\nlarge"};
    };
    run(1);
    ASSERT_EQ(outbox_.added.size(), 1U);
    const OutboxRow& dead = outbox_.added[0];
    EXPECT_EQ(dead.kind, OutboxKind::dead_letter);
    EXPECT_EQ(dead.subject, "dlq.origin");
    EXPECT_EQ(dead.event_id, "event of uuid-1");
    EXPECT_EQ(dead.generation, 2U);
    EXPECT_EQ(dead.payload, "");
    EXPECT_EQ(find_header(dead.headers, "Chatear-Outbox-Id"), "uuid-1");
    EXPECT_EQ(find_header(dead.headers, header::reason), "JetStream refused it: too  large");
    EXPECT_TRUE(nats::check_headers(dead.headers));
}

TEST_F(Rule15Relay, ARefusedDeadLetterOrDomainEventStaysWithItsReason) {
    outbox_.give("uuid-1", "dlq.email.send", OutboxKind::dead_letter);
    outbox_.give("uuid-2", "email.failed", OutboxKind::domain_event);
    outbox_.give("uuid-3", "own.subject");
    publisher_.answer = [](const auto&) -> nats::PublishResult {
        return nats::PublishError{nats::PublishError::Kind::refused, "too large"};
    };
    run(3);
    EXPECT_THAT(
        outbox_.log,
        UnorderedElementsAre(
            "refuse uuid-1: too large", "refuse uuid-2: too large", "refuse uuid-3: too large"
        )
    );
    EXPECT_TRUE(outbox_.added.empty());
}

TEST_F(Rule15Relay, AllIsWellAgainWhenAnotherProcessHasPublishedIt) {
    outbox_.give("uuid-1", "down.subject");
    publisher_.answer = [](const auto&) { return stream_down("no quorum"); };
    const auto test = [&]() -> asio::awaitable<void> {
        relay_.start();
        co_await until_logged(1);
        EXPECT_NE(relay_.status().trouble, "");
        outbox_.lease_to_another("uuid-1");
        const auto end = std::chrono::steady_clock::now() + 10s;
        while (relay_.status().trouble != "" && std::chrono::steady_clock::now() < end) {
            co_await net::sleep_for(50ms);
            relay_.wake();
        }
        EXPECT_EQ(relay_.status().trouble, "");
        co_await relay_.stop();
    };
    test::run_coroutine(context_, test);
}

/// JetStream that takes its time.
class SlowPublisher final : public Publisher {
public:
    explicit SlowPublisher(const asio::any_io_executor& executor)
        : called(executor), reply(executor) {}
    asio::awaitable<nats::PublishResult> publish(nats::Message) override {
        called.notify_all();
        co_await reply.wait();
        co_return nats::PublishReply{};
    }
    net::Notification called;
    net::Notification reply;
};

TEST_F(RelayTest, WhatIsBeingPublishedMayEndBeforeItStops) {
    SlowPublisher slow(context_.get_executor());
    Relay relay(context_.get_executor(), outbox_, slow, "notification-worker");
    outbox_.give("uuid-1", "email.send");
    const auto test = [&]() -> asio::awaitable<void> {
        relay.start();
        co_await slow.called.wait();
        const bool cut_off = co_await relay.drain(0ms);
        EXPECT_FALSE(cut_off);
        slow.reply.notify_all();
        const bool ended = co_await relay.drain(20s);
        EXPECT_TRUE(ended);
        EXPECT_THAT(outbox_.log, ElementsAre("remove uuid-1"));
        co_await relay.stop();
    };
    test::run_coroutine(context_, test);
}

TEST_F(RelayTest, TakesNothingMoreWhenItDrains) {
    const auto test = [&]() -> asio::awaitable<void> {
        relay_.start();
        const bool ended = co_await relay_.drain(20s);
        EXPECT_TRUE(ended);
        outbox_.give("uuid-1", "email.send");
        relay_.wake();
        co_await relay_.stop();
    };
    test::run_coroutine(context_, test);
    EXPECT_THAT(outbox_.log, testing::IsEmpty());
}

TEST_F(RelayTest, MayBeStoppedWithoutAStartAndTwice) {
    const auto test = [&]() -> asio::awaitable<void> {
        co_await relay_.stop();
        co_await relay_.stop();
    };
    test::run_coroutine(context_, test);
}

}  // namespace
}  // namespace chatear::runtime
