#include "base/clock.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "deletion/audit_verifier.hpp"
#include "deletion/intake_desk.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "nats/connection.hpp"
#include "net/main_task.hpp"
#include "net/task_group.hpp"
#include "postgres/pool.hpp"
#include "runtime/consumer.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

/// deletion-bench intake|pass|verify DATABASE_URL: measures one part of the store on a database
/// that a script of bench/ has filled, and prints one JSON object.
namespace chatear::deletion {
namespace {

class Watch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    }
    double milliseconds() const { return seconds() * 1000; }

private:
    const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

asio::awaitable<std::deque<Request>> requests_of_all_users(postgres::Pool& pool) {
    const postgres::Params none;
    const postgres::QueryResult users =
        co_await pool.query("SELECT id::text FROM users ORDER BY id", none);
    std::deque<Request> requests;
    for (std::size_t row = 0; row < users->size(); ++row) {
        Request request;
        request.event_id = "bench-" + std::to_string(row);
        request.published_at = SystemClock().now();
        request.user_id = users->text(row, 0);
        requests.push_back(std::move(request));
    }
    co_return requests;
}

/// Takes the next request when the one before is answered, as a handler of the worker does.
asio::awaitable<void> hand_in(
    IntakeDesk& desk, std::deque<Request>& waiting, std::size_t& accepted
) {
    while (!waiting.empty()) {
        Request request = std::move(waiting.front());
        waiting.pop_front();
        const RequestReply reply = co_await desk.enter(std::move(request));
        accepted += reply.outcome == RequestOutcome::accepted ? 1 : 0;
    }
}

/// `user.delete` of every user, by the worker's own desk, with as many in hand as the worker has.
/// Nothing of NATS is measured: it is down, and the clocks are not compared.
asio::awaitable<boost::json::object> measure_intake(postgres::Pool& pool) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    std::deque<Request> requests = co_await requests_of_all_users(pool);
    const std::size_t events = requests.size();
    PostgresDeletionStore store(pool);
    const SystemClock clock;
    nats::ConnectionOptions nowhere;
    nowhere.servers = nats::parse_server_urls("nats://127.0.0.1:1").value();
    nats::Connection down(executor, nowhere);
    NatsClock nats_clock(down, store, clock);
    runtime::Metrics metrics;
    Journal journal(metrics);
    IntakeDesk desk(executor, store, nats_clock, journal);
    std::size_t accepted = 0;
    const Watch watch;
    net::TaskGroup handlers(executor);
    for (std::size_t number = 0; number < runtime::ConsumerOptions().concurrency; ++number) {
        handlers.start("handler", hand_in(desk, requests, accepted));
    }
    co_await handlers.join();
    const double seconds = watch.seconds();
    co_await desk.stop();
    boost::json::object result;
    result["events"] = events;
    result["accepted"] = accepted;
    result["per_second"] = static_cast<double>(events) / seconds;
    co_return result;
}

/// What the scheduler asks of PostgreSQL in one pass: where it stands, what is due, each execution,
/// and when the next is due.
asio::awaitable<boost::json::object> measure_pass(postgres::Pool& pool) {
    PostgresDeletionStore store(pool);
    (void)co_await store.day_state();  // Connections and statements are made before the clock runs.
    const Watch watch;
    const DayState day = co_await store.day_state();
    const std::vector<std::string> due = co_await store.due_executions("", 64);
    const double found = watch.milliseconds();
    std::size_t executed = 0;
    for (const std::string& id : due) {
        ExecutionRequest request;
        request.deletion_id = id;
        request.day = day.day;
        const ExecutionAnswer answer = co_await store.execute(std::move(request));
        executed += answer == ExecutionAnswer::executed ? 1 : 0;
    }
    const std::vector<MailJob> mails = co_await store.due_mails(64);
    (void)co_await store.until_next_due();
    const double whole = watch.milliseconds();
    boost::json::object result;
    result["due"] = due.size();
    result["executed"] = executed;
    result["mails"] = mails.size();
    result["found_ms"] = found;
    result["pass_ms"] = whole;
    co_return result;
}

asio::awaitable<boost::json::object> measure_verify(postgres::Pool& pool) {
    AuditVerifier verifier(pool, {});
    const Watch watch;
    const AuditReport report = co_await verifier.verify(std::nullopt);
    const double seconds = watch.seconds();
    boost::json::object result;
    result["rows"] = report.rows;
    result["sound"] = !report.broken;
    result["per_second"] = static_cast<double>(report.rows) / seconds;
    co_return result;
}

asio::awaitable<int> measure(postgres::Pool& pool, std::string what) {
    pool.start();
    (void)co_await pool.wait_until_available(std::chrono::seconds(10));
    boost::json::object result;
    if (what == "intake") {
        result = co_await measure_intake(pool);
    } else if (what == "pass") {
        result = co_await measure_pass(pool);
    } else {
        result = co_await measure_verify(pool);
    }
    std::cout << to_json_text(result) << std::endl;
    co_await pool.stop();
    co_return EXIT_SUCCESS;
}

}  // namespace
}  // namespace chatear::deletion

int main(int count, char** words) {
    if (count != 3) {
        std::cerr << "deletion-bench intake|pass|verify DATABASE_URL\n";
        return EXIT_FAILURE;
    }
    chatear::log::configure(chatear::log::Level::error, chatear::log::Format::text, "bench");
    boost::asio::io_context context;
    chatear::postgres::ConnectionOptions options;
    options.url = chatear::Secret(words[2]);
    options.statement_timeout = std::chrono::minutes(5);
    chatear::postgres::Pool pool(context.get_executor(), options);
    return chatear::net::run_main_task(context, chatear::deletion::measure(pool, words[1]));
}
