// What is asked of NATS before anybody is deleted (rule 11), and its clock (rule 2), on a real
// server.
#include "deletion/recovery_guard.hpp"

#include "base/error.hpp"
#include "deletion/deletion_service.hpp"
#include "deletion/nats_clock.hpp"
#include "nats/declaration.hpp"
#include "nats/delivery_guard.hpp"
#include "net/task_group.hpp"
#include "net/timer.hpp"
#include "runtime/streams.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"
#include "unit/deletion/fakes.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>

namespace chatear::deletion {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

nats::ConnectionOptions options_for(const test::NatsServer& server) {
    nats::ConnectionOptions options;
    options.servers = nats::parse_server_urls(server.url()).value();
    return options;
}

class Guard : public testing::Test {
protected:
    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            connection_.start();
            co_await connection_.wait_connected();
            co_await body();
            co_await connection_.stop();
        };
        test::run_coroutine(context_, whole);
    }

    static nats::ConsumerDeclaration recoveries() {
        return runtime::declare_consumer(worker_name, recover_subject, users_stream(), 1);
    }

    asio::awaitable<void> declare() {
        (void)co_await nats::reconcile(jetstream_, recoveries());
        (void)co_await nats::reconcile(jetstream_, runtime::declare_dead_letters(1));
    }

    asio::awaitable<void> publish(std::string subject, std::string payload) {
        nats::Message message;
        message.subject = std::move(subject);
        message.payload = std::move(payload);
        const auto published = co_await jetstream_.publish(std::move(message));
        EXPECT_TRUE(published.has_value());
    }

    /// "" = a pass may begin; "unavailable" = no pass.
    asio::awaitable<std::string> ask() {
        std::string answer;
        try {
            const auto obstacle = co_await guard_.obstacle(store_.day);
            answer = obstacle.value_or("");
        } catch (const Unavailable&) {
            answer = "unavailable";
        }
        co_return answer;
    }

    asio::awaitable<void> look_once_it_answers() {
        bool looked = false;
        while (!looked) {
            co_await net::sleep_for(std::chrono::milliseconds(10));
            co_await connection_.wait_connected();
            try {
                co_await guard_.look_at_dead_letters();
                looked = true;
            } catch (const Unavailable&) {
                looked = false;  // The connection of before had not been given up yet.
            }
        }
    }

    test::NatsServer server_;
    asio::io_context context_;
    nats::Connection connection_{context_.get_executor(), options_for(server_)};
    nats::JetStream jetstream_{connection_};
    FakeDeletionStore store_;
    RecoveryGuard guard_{connection_, store_, recoveries().durable};
};

TEST_F(Guard, Rule11NothingIsInTheWayOfAPassWhereNobodyWantsToRecover) {
    std::string answer = "?";
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("user.delete", R"({"user_id": "7"})");
        answer = co_await ask();
    };
    run(body);
    EXPECT_EQ(answer, "");
}

TEST_F(Guard, Rule11NoPassWithoutStreamOrConsumer) {
    std::vector<std::string> answers;
    const auto body = [&]() -> asio::awaitable<void> {
        const std::string without_stream = co_await ask();
        co_await declare();
        (void)co_await jetstream_.delete_consumer("USERS", recoveries().durable);
        const std::string without_consumer = co_await ask();
        answers = {without_stream, without_consumer};
    };
    run(body);
    EXPECT_THAT(answers, ElementsAre("unavailable", "unavailable"));
}

TEST_F(Guard, Rule11OneInTheOutboxIsInTheWay) {
    store_.day.recovery_in_outbox = true;
    std::string answer;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        answer = co_await ask();
    };
    run(body);
    EXPECT_THAT(answer, HasSubstr("outbox"));
}

TEST_F(Guard, Rule11OneThatBecameADeadLetterMeanwhileIsInTheWay) {
    DayState later = store_.day;
    later.recovery_in_outbox = true;
    store_.days = {later};
    std::string answer;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        answer = co_await ask();
    };
    run(body);
    EXPECT_THAT(answer, HasSubstr("outbox"));
}

TEST_F(Guard, Rule11OneInTheStreamIsInTheWayUntilItIsAcknowledged) {
    std::vector<std::string> answers;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("user.recover", R"({"user_id": "7"})");
        const std::string before = co_await ask();
        (void)co_await jetstream_.delete_message("USERS", 1);  // As an acknowledgement does.
        const std::string after = co_await ask();
        answers = {before, after};
    };
    run(body);
    EXPECT_THAT(answers, ElementsAre(HasSubstr("message 1"), ""));
}

TEST_F(Guard, Rule11ADeadLetterHoldsItsUsersDeletionOnce) {
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.delete", R"({"user_id": "6"})");
        co_await publish("dlq.user.recover", R"({"user_id": "7"})");
        co_await publish("dlq.user.recover", R"({"user_id": 8})");
        co_await guard_.look_at_dead_letters();
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_THAT(store_.lost, ElementsAre(Pair("7", ""), Pair("8", "")));
    EXPECT_EQ(store_.seen.sequence, 3U);
    EXPECT_EQ(store_.day.executions_stopped, std::nullopt);
}

TEST_F(Guard, Rule11ADeadLetterThatNobodyCanReadStopsAllExecutions) {
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", "{broken");
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_THAT(store_.lost, IsEmpty());
    EXPECT_THAT(store_.day.executions_stopped.value_or(""), HasSubstr("dead letter 1"));
}

TEST_F(Guard, Rule11ADeadLetterOfNobodyStopsNothing) {
    store_.user_known = false;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "nobody"})");
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_EQ(store_.day.executions_stopped, std::nullopt);
    EXPECT_EQ(store_.seen.sequence, 1U);
}

// Also where it has got further than the one before it.
TEST_F(Guard, Rule11AStreamThatWasMadeAnewIsReadFromItsBegin) {
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "7"})");
        co_await guard_.look_at_dead_letters();
        (void)co_await jetstream_.delete_stream("DEAD_LETTERS");
        co_await net::sleep_for(2 * nats::Incarnation::consumer_tolerance);
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "8"})");
        co_await publish("dlq.user.recover", R"({"user_id": "9"})");
        co_await guard_.look_at_dead_letters();
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_THAT(store_.lost, ElementsAre(Pair("7", ""), Pair("8", ""), Pair("9", "")));
    EXPECT_EQ(store_.seen.sequence, 2U);
}

TEST_F(Guard, Rule11OneThatIsShorterThanWhatWasSeenIsAnotherToo) {
    store_.seen.sequence = 500;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "7"})");
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_THAT(store_.lost, ElementsAre(Pair("7", "")));
    EXPECT_EQ(store_.seen.sequence, 1U);
}

// What an operator has decided about would be held again.
TEST_F(Guard, Rule11AServerThatWasRestartedHasTheSameStream) {
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "7"})");
        co_await publish("dlq.user.recover", R"({"user_id": "8"})");
        co_await guard_.look_at_dead_letters();
        for (int restart = 0; restart < 3; ++restart) {
            server_.stop();
            server_.start();
            co_await look_once_it_answers();
        }
    };
    run(body);
    EXPECT_THAT(store_.lost, ElementsAre(Pair("7", ""), Pair("8", "")));
}

// As noted before the stream's creation was noted too.
TEST_F(Guard, Rule11ASequenceAloneIsBelievedOnceAndItsStreamNoted) {
    store_.seen.sequence = 1;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await declare();
        co_await publish("dlq.user.recover", R"({"user_id": "7"})");
        co_await guard_.look_at_dead_letters();
    };
    run(body);
    EXPECT_THAT(store_.lost, IsEmpty());
    EXPECT_EQ(store_.seen.sequence, 1U);
    EXPECT_NE(store_.seen.stream_created, "");
}

TEST_F(Guard, Rule2TheClocksAreComparedByWhatJetStreamStores) {
    SystemClock clock;
    NatsClock nats_clock(connection_, store_, clock);
    std::optional<ClockOffset> offset;
    std::optional<ClockOffset> again;
    const auto body = [&]() -> asio::awaitable<void> {
        // The fake database's clock is an hour behind.
        const Time now = clock.now() - hours(1);
        store_.days = {DayState{.now = now}, DayState{.now = now + seconds(1)}};
        offset = co_await nats_clock.offset();
        again = co_await nats_clock.offset();
    };
    run(body);
    ASSERT_TRUE(offset.has_value());
    EXPECT_GT(offset->least, hours(1) - seconds(3));
    EXPECT_LT(offset->most, hours(1) + seconds(3));
    EXPECT_LT(offset->least, offset->most);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->least, offset->least);
}

// Two batches of requests are under way at once.
TEST_F(Guard, Rule2OneComparesTheClocksAndWhoAsksMeanwhileTakesWhatItFound) {
    SystemClock clock;
    NatsClock nats_clock(connection_, store_, clock);
    std::vector<std::optional<ClockOffset>> offsets;
    const auto ask = [&]() -> asio::awaitable<void> {
        const std::optional<ClockOffset> offset = co_await nats_clock.offset();
        offsets.push_back(offset);
    };
    const auto body = [&]() -> asio::awaitable<void> {
        net::TaskGroup tasks(context_.get_executor());
        tasks.start("first", ask());
        tasks.start("second", ask());
        co_await tasks.join();
    };
    run(body);
    ASSERT_EQ(offsets.size(), 2U);
    ASSERT_TRUE(offsets[0] && offsets[1]);
    EXPECT_EQ(offsets[0]->least, offsets[1]->least);
    EXPECT_EQ(std::count(store_.calls.begin(), store_.calls.end(), "day_state"), 2);
}

}  // namespace
}  // namespace chatear::deletion
