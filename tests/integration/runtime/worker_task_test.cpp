// A worker's own task, over a real JetStream and PostgreSQL.
#include "base/error.hpp"
#include "base/log.hpp"
#include "runtime/worker.hpp"
#include "support/coroutine.hpp"
#include "support/nats_server.hpp"
#include "support/postgres_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <stdexcept>
#include <utility>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

/// Notes what is asked of it; once begun, ends the process as an operator would.
class NotedTask final : public Task {
public:
    explicit NotedTask(Worker& worker) : worker_(worker) {}

    std::string name() const override { return "noted"; }
    asio::awaitable<void> prepare() override {
        calls.emplace_back("prepare");
        if (unavailable > 0) {
            --unavailable;
            throw Unavailable("postgres", "test:1", "the test says so");
        }
        if (!mistake.empty()) {
            throw std::runtime_error(mistake);
        }
        co_return;
    }
    void start() override {
        calls.emplace_back("start");
        ::raise(SIGTERM);
    }
    void drain() override { calls.emplace_back("drain"); }
    asio::awaitable<bool> emptied(std::chrono::milliseconds limit) override {
        calls.emplace_back(limit > 0ms ? "emptied" : "emptied without time");
        co_return empty;
    }
    asio::awaitable<void> stop() override {
        try {
            postgres::Params none;
            (void)co_await worker_.pool().query("SELECT 1", std::move(none));
            calls.emplace_back("stop");
        } catch (const Unavailable&) {
            calls.emplace_back("stop, without a database");
        }
    }
    bool content_in_hand() const override { return in_hand; }
    std::string trouble() const override { return {}; }

    std::vector<std::string> calls;
    bool empty = true;
    bool in_hand = false;
    int unavailable = 0;  // So often, before it can be prepared.
    std::string mistake;

private:
    Worker& worker_;
};

class WorkerTask : public testing::Test {
protected:
    WorkerTask() {
        log::configure(log::Level::error, log::Format::text, "test");
        config_.name = "noting-worker";
        config_.nats.servers = nats::parse_server_urls(nats_.url()).value();
        config_.settings.shutdown_timeout = 2s;
        config_.settings.ledger_retention = 24h;
        config_.settings.migrations_dir = "migrations";
        config_.settings.migrate = true;
        url_ = test::PostgresServer::shared().create_database();
        config_.postgres.emplace();
        config_.postgres->url = Secret(url_);
        config_.postgres->connections = 2;
    }

    /// What was asked of the task; status_ is the worker's.
    std::vector<std::string> run(std::vector<std::string> tables, bool empty, bool in_hand) {
        return run(std::move(tables), [=](NotedTask& task) {
            task.empty = empty;
            task.in_hand = in_hand;
        });
    }

    std::vector<std::string> run(
        std::vector<std::string> tables, const std::function<void(NotedTask&)>& set_up
    ) {
        Worker worker(context_.get_executor(), config_);
        const auto task = std::make_shared<NotedTask>(worker);
        set_up(*task);
        worker.attach_task(task, std::move(tables));
        const auto body = [&]() -> asio::awaitable<void> { status_ = co_await worker.run(); };
        test::run_coroutine(context_, body, 60s);
        return task->calls;
    }

    std::string released() {
        return test::PostgresServer::shared().sql(
            "SELECT count(*) FROM workers WHERE released_at IS NOT NULL", url_
        );
    }

    test::NatsServer nats_;
    asio::io_context context_;
    WorkerConfig config_;
    std::string url_;
    int status_ = -1;
};

TEST_F(WorkerTask, LivesAsAConsumerDoes) {
    const auto calls = run({"event_ledger"}, true, false);
    EXPECT_THAT(calls, ElementsAre("prepare", "start", "drain", "emptied", "emptied", "stop"));
    EXPECT_EQ(status_, 0);
    EXPECT_EQ(released(), "1");
}

TEST_F(WorkerTask, WhatItBeganAndDoesNotKnowKeepsTheProcessFromBeingReleased) {
    const auto calls = run({}, false, true);
    EXPECT_THAT(calls, ElementsAre("prepare", "start", "drain", "emptied", "emptied", "stop"));
    EXPECT_EQ(status_, 0);
    EXPECT_EQ(released(), "0");
}

TEST_F(WorkerTask, IsNotBegunWithoutItsTables) {
    const auto calls = run({"event_ledger", "no_such_table"}, true, false);
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(calls, Not(Contains("start")));
}

TEST_F(WorkerTask, ThatCannotWorkIsNotBegun) {
    const auto calls = run({}, [](NotedTask& task) { task.mistake = "a column does not fit"; });
    EXPECT_EQ(status_, 1);
    EXPECT_THAT(calls, Contains("prepare"));
    EXPECT_THAT(calls, Not(Contains("start")));
}

TEST_F(WorkerTask, IsAskedAgainWhileWhatItNeedsIsNotThere) {
    const auto calls = run({}, [](NotedTask& task) { task.unavailable = 2; });
    EXPECT_EQ(status_, 0);
    EXPECT_THAT(
        calls,
        ElementsAre("prepare", "prepare", "prepare", "start", "drain", "emptied", "emptied", "stop")
    );
}

}  // namespace
}  // namespace chatear::runtime
