// A whole worker in this process, over a real JetStream and PostgreSQL.
#include "runtime/worker.hpp"

#include "base/log.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"
#include "support/postgres_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

struct Greeting {
    std::string name;
};
BOOST_DESCRIBE_STRUCT(Greeting, (), (name))

class WorkerTest : public testing::Test {
protected:
    WorkerTest() {
        log::configure(log::Level::error, log::Format::text, "test");
        config_.name = "greeting-worker";
        config_.nats.servers = nats::parse_server_urls(nats_.url()).value();
        config_.settings.concurrency = 8;
        config_.settings.memory_budget = 1024 * 1024;
        config_.settings.retry.base = 1ms;
        config_.settings.retry.max_attempts = 3;
        config_.settings.shutdown_timeout = 2s;
        config_.settings.ledger_retention = 24h;
        config_.settings.migrations_dir = "migrations";
    }

    void use_postgres(bool migrate = true) {
        url_ = test::PostgresServer::shared().create_database();
        config_.postgres.emplace();
        config_.postgres->url = Secret(url_);
        config_.postgres->connections = 2;
        config_.settings.migrate = migrate;
    }

    std::string sql(const std::string& text) {
        return test::PostgresServer::shared().sql(text, url_);
    }

    /// Runs a worker with handler_ beside `test`, which is to end by a signal; its exit status.
    int run(const std::function<asio::awaitable<void>(nats::JetStream&)>& test) {
        Worker worker(context_.get_executor(), config_);
        const auto handler = [this](Greeting event, Delivery delivery) {
            return handler_(std::move(event), std::move(delivery));
        };
        for (const std::string& subject : subjects_) {
            worker.on<Greeting>(subject, handler);
        }
        nats::Connection connection(context_.get_executor(), config_.nats);
        nats::JetStream jetstream(connection, 2s);
        int status = -1;
        const auto body = [&]() -> asio::awaitable<void> {
            connection.start();
            net::TaskGroup tasks(context_.get_executor());
            tasks.start("test", test(jetstream));
            status = co_await worker.run();
            co_await tasks.stop();
            co_await connection.stop();
        };
        test::run_coroutine(context_, body, 60s);
        return status;
    }

    static asio::awaitable<void> publish(
        nats::JetStream& jetstream, std::string name, std::string id
    ) {
        std::string subject = "greeting.send";
        return publish_to(jetstream, std::move(subject), std::move(name), std::move(id));
    }

    static asio::awaitable<void> publish_to(
        nats::JetStream& jetstream, std::string subject, std::string name, std::string id
    ) {
        while (true) {  // Until the worker has declared its stream.
            nats::Message message;
            message.subject = subject;
            message.payload = R"({"name":")" + name + "\"}";
            message.headers.emplace_back("Chatear-Event-Id", id);
            try {
                const auto published = co_await jetstream.publish(std::move(message));
                if (published) {
                    co_return;
                }
            } catch (const Unavailable&) {
                // Not connected yet.
            }
            co_await net::sleep_for(20ms);
        }
    }

    static asio::awaitable<void> until(std::function<bool()> condition) {
        for (int i = 0; i < 1000 && !condition(); ++i) {
            co_await net::sleep_for(10ms);
        }
        EXPECT_TRUE(condition());
    }

    static asio::awaitable<std::uint64_t> messages_in(
        nats::JetStream& jetstream, std::string stream
    ) {
        const auto info = co_await jetstream.stream_info(stream);
        co_return info ? info->messages : 0;
    }

    /// The stream has so many messages within 10 s: what is acked has left a work queue.
    static asio::awaitable<void> until_messages(
        nats::JetStream& jetstream, std::string stream, std::uint64_t count
    ) {
        std::uint64_t messages = count + 1;
        for (int i = 0; i < 500 && messages != count; ++i) {
            messages = co_await messages_in(jetstream, stream);
            co_await net::sleep_for(20ms);
        }
        EXPECT_EQ(messages, count) << stream;
    }

    asio::io_context context_;
    test::NatsServer nats_;
    WorkerConfig config_;
    std::string url_;
    std::vector<std::string> subjects_ = {"greeting.send"};
    std::function<asio::awaitable<Outcome>(Greeting, Delivery)> handler_;
    std::vector<std::string> handled_;
};

using Rule17Worker = WorkerTest;
using Rule7Worker = WorkerTest;
using Rule13Worker = WorkerTest;

TEST_F(WorkerTest, HandlesAnEventOnceAndEndsInGoodOrder) {
    use_postgres();
    handler_ = [this](Greeting event, Delivery) -> asio::awaitable<Outcome> {
        handled_.push_back(event.name);
        co_return Done{};
    };
    const int status = run([](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        co_await publish(jetstream, "Ana", "order-7");
        co_await publish(jetstream, "Rui", "order-7");
        co_await until_messages(jetstream, "DEAD_LETTERS", 1);
        co_await until_messages(jetstream, "GREETING", 0);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(handled_, ElementsAre("Ana")) << "the second is the same, the third a conflict";
    EXPECT_EQ(
        sql("SELECT subject, event_id, status FROM event_ledger"), "greeting.send|order-7|done"
    );
    EXPECT_EQ(sql("SELECT worker, released_at IS NOT NULL FROM workers"), "greeting-worker|t");
}

TEST_F(WorkerTest, ARetryComesBackThroughTheOutboxUntilItIsADeadLetter) {
    use_postgres();
    handler_ = [this](Greeting, Delivery delivery) -> asio::awaitable<Outcome> {
        handled_.push_back(std::to_string(delivery.attempt()));
        Outcome again = Retry{"not today"};
        co_return again;
    };
    const int status = run([](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        co_await until_messages(jetstream, "DEAD_LETTERS", 1);
        co_await until_messages(jetstream, "GREETING", 0);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(handled_, ElementsAre("1", "2", "3"));
    EXPECT_EQ(
        sql("SELECT status, attempts, generation, reason FROM event_ledger"), "failed|3|2|not today"
    );
}

TEST_F(WorkerTest, TablesThatAreMissingAreNamedAndEndTheStart) {
    use_postgres(false);
    const auto began = std::chrono::steady_clock::now();
    const int status = run([](nats::JetStream&) -> asio::awaitable<void> { co_return; });
    EXPECT_EQ(status, 1);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s) << "nothing is left to release";
}

TEST_F(WorkerTest, ASignalEndsAStartThatWaitsForItsDatabase) {
    use_postgres();
    config_.postgres->url = Secret("postgres://nobody@127.0.0.1:1/none");
    const auto began = std::chrono::steady_clock::now();
    const int status = run([](nats::JetStream&) -> asio::awaitable<void> {
        co_await net::sleep_for(200ms);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
}

TEST_F(WorkerTest, HoweverManySubjectsHangItEndsWithinItsTimeout) {
    for (int n = 1; n < 8; ++n) {
        subjects_.push_back("greeting" + std::to_string(n) + ".send");
    }
    handler_ = [this](Greeting event, Delivery) -> asio::awaitable<Outcome> {
        handled_.push_back(event.name);
        co_await net::sleep_for(1h);
        co_return Done{};
    };
    std::chrono::steady_clock::time_point signalled;
    const int status = run([&](nats::JetStream& jetstream) -> asio::awaitable<void> {
        for (const std::string& subject : subjects_) {
            co_await publish_to(jetstream, subject, "Ana", "order-7");
        }
        const auto all_hang = [&] { return handled_.size() == subjects_.size(); };
        co_await until(all_hang);
        signalled = std::chrono::steady_clock::now();
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_LT(
        std::chrono::steady_clock::now() - signalled, config_.settings.shutdown_timeout + 500ms
    );
}

TEST_F(Rule7Worker, AnOrderlyStopLeavesNoPredecessor) {
    use_postgres();
    const test::TemporaryFolder folder("worker");
    config_.settings.state_dir = folder.path().string();
    handler_ = [](Greeting, Delivery) -> asio::awaitable<Outcome> { co_return Done{}; };
    const int status = run([](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        co_await until_messages(jetstream, "GREETING", 0);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(test::read_file(folder / "greeting-worker-1.lock"), "");
}

TEST_F(Rule13Worker, AContentThatIsCutOffAtTheEndCountsAsThatOfADeadProcess) {
    use_postgres();
    const test::TemporaryFolder folder("worker");
    config_.settings.state_dir = folder.path().string();
    config_.settings.shutdown_timeout = 1s;
    bool began = false;
    handler_ = [&began](Greeting, Delivery delivery) -> asio::awaitable<Outcome> {
        began = co_await delivery.begin_content();
        co_await net::sleep_for(1h);
        co_return Done{};
    };
    const int status = run([&began](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        const auto has_begun = [&began] { return began; };
        co_await until(has_begun);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(sql("SELECT status FROM event_ledger"), "working");
    EXPECT_EQ(sql("SELECT count(*) FROM workers WHERE released_at IS NULL"), "1")
        << "released, its event would be sent again and counted nowhere";
    EXPECT_NE(test::read_file(folder / "greeting-worker-1.lock"), "") << "its successor says so";
}

TEST_F(Rule17Worker, WithoutPostgresEventsAreHandledRetriedAndDeadLettered) {
    handler_ = [this](Greeting event, Delivery delivery) -> asio::awaitable<Outcome> {
        handled_.push_back(event.name + std::to_string(delivery.attempt()));
        Outcome outcome = Done{};
        if (event.name == "Rui") {
            outcome = Retry{"not today", 1ms};
        }
        co_return outcome;
    };
    const int status = run([](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        co_await publish(jetstream, "Rui", "order-8");
        co_await until_messages(jetstream, "DEAD_LETTERS", 1);
        co_await until_messages(jetstream, "GREETING", 0);
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_THAT(handled_, testing::UnorderedElementsAre("Ana1", "Rui1", "Rui2", "Rui3"));
}

TEST_F(Rule17Worker, WithoutPostgresWhatWaitsIsBoundedByMaxAckPending) {
    handler_ = [](Greeting, Delivery) -> asio::awaitable<Outcome> { co_return Done{}; };
    std::int64_t most = 0;
    const int status = run([&most](nats::JetStream& jetstream) -> asio::awaitable<void> {
        co_await publish(jetstream, "Ana", "order-7");
        co_await until_messages(jetstream, "GREETING", 0);
        const auto info =
            co_await jetstream.consumer_info("GREETING", "greeting-worker-greeting-send");
        most = info ? info->config.max_ack_pending : 0;
        ::raise(SIGTERM);
    });
    EXPECT_EQ(status, 0);
    EXPECT_EQ(most, 80) << "10 x WORKER_CONCURRENCY";
}

}  // namespace
}  // namespace chatear::runtime
