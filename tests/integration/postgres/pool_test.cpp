#include "fixture.hpp"

namespace chatear::postgres {
namespace {

class PoolTest : public PostgresTest {};

TEST_F(PoolTest, SpreadsQueriesOverItsConnections) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        std::set<std::string> backends;
        const auto ask = [](Pool& on, std::set<std::string>& seen) -> asio::awaitable<void> {
            const std::string pid =
                co_await value(on, "SELECT pg_backend_pid() FROM pg_sleep(0.01)");
            seen.insert(pid);
        };
        // The others may still be connecting at first.
        for (int round = 0; round < 200 && backends.size() < 4; ++round) {
            for (int n = 0; n < 8; ++n) {
                callers.start("asks", ask(pool, backends));
            }
            co_await callers.join();
        }
        EXPECT_EQ(backends.size(), 4U);
    };
    with_pool(options(), work);
}

TEST_F(PoolTest, RunsFirstStatementsOnEachNewConnection) {
    ConnectionOptions one = options();
    one.connections = 1;
    Pool pool(context_.get_executor(), one);
    int results = 0;
    pool.run_first(
        {"SELECT set_config('application_name', $1, false)",
         [] { return Params().text("named first"); },
         [&results](const QueryResult& result) { results += result ? 1 : 0; }}
    );
    run([&]() -> asio::awaitable<void> {
        pool.start();
        const std::string first = co_await value(pool, "SHOW application_name");
        EXPECT_EQ(first, "named first");
        const Params none;
        try {
            (void)co_await pool.query("SELECT pg_terminate_backend(pg_backend_pid())", none);
        } catch (const Unavailable&) {
            results += 10;
        }
        const std::string again = co_await value(pool, "SHOW application_name");
        EXPECT_EQ(again, "named first");
        EXPECT_EQ(results, 12);
        co_await pool.stop();
    });
}

TEST_F(PoolTest, RepeatsAStatementThatADeadlockEnded) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        (void)co_await value(
            pool, "CREATE TABLE counters (id int PRIMARY KEY, n int NOT NULL DEFAULT 0)"
        );
        (void)co_await value(pool, "INSERT INTO counters SELECT generate_series(1, 2)");
        net::TaskGroup callers(context_.get_executor());
        int failed = 0;
        // Each locks one row, then, while the other does the same, the other row.
        const auto ask = [](Pool& on, bool up, int& failures) -> asio::awaitable<void> {
            Params params;
            params.boolean(up);
            const QueryResult result = co_await on.query(
                R"(WITH first AS MATERIALIZED (
                       UPDATE counters SET n = n + 1 WHERE id = CASE WHEN $1 THEN 1 ELSE 2 END RETURNING id),
                   pause AS MATERIALIZED (SELECT pg_sleep(0.02), id FROM first)
                   UPDATE counters c SET n = c.n + 1 FROM pause
                   WHERE c.id = CASE WHEN $1 THEN 2 ELSE 1 END AND pause.id > 0)",
                params
            );
            failures += result ? 0 : 1;
        };
        for (int n = 0; n < 4; ++n) {
            callers.start("asks", ask(pool, n % 2 == 0, failed));
        }
        co_await callers.join();
        EXPECT_EQ(failed, 0);
        const std::string sum = co_await value(pool, "SELECT sum(n) FROM counters");
        EXPECT_EQ(sum, "8");
    };
    with_pool(options(), work);
}

TEST_F(PoolTest, GivesDataErrorsAsValues) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        (void)co_await value(
            pool,
            "CREATE TABLE t (a int CONSTRAINT positive CHECK (a > 0), b int CONSTRAINT one UNIQUE)"
        );
        const Params none;
        const QueryResult check = co_await pool.query("INSERT INTO t VALUES (0, 1)", none);
        EXPECT_EQ(state_of(check), "23514");
        EXPECT_EQ(check.error().constraint, "positive");
        (void)co_await pool.query("INSERT INTO t VALUES (1, 1)", none);
        const QueryResult twice = co_await pool.query("INSERT INTO t VALUES (1, 1)", none);
        EXPECT_EQ(state_of(twice), "23505");
        EXPECT_EQ(twice.error().constraint, "one");
    };
    with_pool(options(), work);
}

TEST_F(PoolTest, ThrowsUnavailableAfterStop) {
    Pool pool(context_.get_executor(), options());
    run([&]() -> asio::awaitable<void> {
        pool.start();
        co_await pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(pool.available());
        co_await pool.stop();
        co_await pool.stop();
        EXPECT_FALSE(pool.available());
        bool unavailable = false;
        const Params none;
        try {
            (void)co_await pool.query("SELECT 1", none);
        } catch (const Unavailable&) {
            unavailable = true;
        }
        EXPECT_TRUE(unavailable);
    });
}

TEST_F(PoolTest, MayBeStoppedWithoutStart) {
    Pool pool(context_.get_executor(), options());
    run([&]() -> asio::awaitable<void> { co_await pool.stop(); });
}

}  // namespace
}  // namespace chatear::postgres
