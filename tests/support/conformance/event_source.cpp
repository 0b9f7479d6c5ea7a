// What an event source gives, and how much of it.
#include "net/task_group.hpp"
#include "runtime/headers.hpp"
#include "support/conformance/event_source_contract.hpp"

#include <chrono>
#include <iterator>
#include <utility>

namespace chatear::conformance {

using namespace std::chrono_literals;

asio::awaitable<void> EventSourceContract::publish(std::size_t count) {
    for (std::size_t number = 0; number < count; ++number) {
        std::string payload = std::to_string(number);
        co_await world_->publish("e" + payload, payload);
    }
}

asio::awaitable<EventSourceContract::Messages> EventSourceContract::receive(std::size_t count) {
    Messages all;
    while (all.size() < count) {
        Messages some = co_await source().receive();
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    co_return all;
}

asio::awaitable<void> EventSourceContract::receive_once(std::size_t& received) {
    const Messages messages = co_await source().receive();
    received = messages.size();
}

namespace {

constexpr std::size_t enough_bytes = 1024 * 1024;
constexpr std::size_t nothing_yet = 1'000'000;

TEST_P(EventSourceContract, EventsComeInTheirOrderWithWhatAHandlerHasToKnow) {
    run([&]() -> asio::awaitable<void> {
        co_await publish(3);
        source().set_credit(10, enough_bytes);
        const Messages messages = co_await receive(3);
        for (std::size_t number = 0; number < messages.size(); ++number) {
            const nats::JetStreamMessage& message = messages[number];
            EXPECT_EQ(message.message.payload, std::to_string(number));
            EXPECT_EQ(
                runtime::find_header(message.message.headers, runtime::header::event_id),
                "e" + std::to_string(number)
            );
            EXPECT_EQ(message.stream_seq, messages[0].stream_seq + number);
            EXPECT_EQ(message.delivered, 1U);
            EXPECT_GT(message.stored_at_ns, 0);
            EXPECT_NE(message.stream, "");
        }
        EXPECT_NE(messages.at(0).ack.subject, messages.at(1).ack.subject);
    });
}

TEST_P(EventSourceContract, NoMoreComeThanThereIsCreditFor) {
    run([&]() -> asio::awaitable<void> {
        co_await publish(5);
        source().set_credit(2, enough_bytes);
        const Messages first = co_await receive(2);
        EXPECT_EQ(first.size(), 2U);
        EXPECT_EQ(first.at(1).message.payload, "1");
        std::size_t received = nothing_yet;
        net::TaskGroup waiting(executor());
        waiting.start("receive", receive_once(received));
        co_await source().flush(5s);
        co_await source().flush(5s);
        EXPECT_EQ(received, nothing_yet) << "what is taken uses up its credit";
        source().set_credit(1, enough_bytes);
        co_await waiting.join();
        EXPECT_EQ(received, 1U) << "it replaces what was said before";
        source().set_credit(10, enough_bytes);
        const Messages rest = co_await receive(2);
        EXPECT_EQ(rest.at(0).message.payload, "3");
    });
}

TEST_P(EventSourceContract, NothingComesWithoutRoomForItsBytes) {
    run([&]() -> asio::awaitable<void> {
        co_await publish(1);
        source().set_credit(1, 0);
        std::size_t received = nothing_yet;
        net::TaskGroup waiting(executor());
        waiting.start("receive", receive_once(received));
        co_await source().flush(5s);
        EXPECT_EQ(received, nothing_yet);
        source().set_credit(1, enough_bytes);
        co_await waiting.join();
        EXPECT_EQ(received, 1U);
    });
}

TEST_P(EventSourceContract, WhoWaitsGetsWhatIsPublishedMeanwhile) {
    run([&]() -> asio::awaitable<void> {
        source().set_credit(1, enough_bytes);
        std::size_t received = nothing_yet;
        net::TaskGroup waiting(executor());
        waiting.start("receive", receive_once(received));
        co_await publish(1);
        co_await waiting.join();
        EXPECT_EQ(received, 1U);
    });
}

TEST_P(EventSourceContract, ADrainedSourceGivesNothingAnyMoreAlsoToWhoWaits) {
    run([&]() -> asio::awaitable<void> {
        source().set_credit(1, enough_bytes);
        std::size_t received = nothing_yet;
        net::TaskGroup waiting(executor());
        waiting.start("receive", receive_once(received));
        co_await source().flush(5s);
        source().drain();
        co_await waiting.join();
        EXPECT_EQ(received, 0U);
        co_await publish(1);
        source().set_credit(1, enough_bytes);
        const Messages messages = co_await source().receive();
        EXPECT_TRUE(messages.empty());
    });
}

}  // namespace
}  // namespace chatear::conformance
