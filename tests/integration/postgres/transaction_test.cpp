#include "fixture.hpp"

#include <tuple>

namespace chatear::postgres {
namespace {

class TransactionTest : public PostgresTest {
protected:
    static asio::awaitable<void> make_table(Pool& pool) {
        (void)co_await value(pool, "CREATE TABLE t (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
    }

    static asio::awaitable<std::string> count(Pool& pool) {
        co_return co_await value(pool, "SELECT count(*) FROM t");
    }
};

const Params none;

TEST_F(TransactionTest, CommitsAllOfItOrNothing) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Transaction transaction = co_await pool.begin();
        (void)co_await transaction.query("INSERT INTO t VALUES (1)", none);
        (void)co_await transaction.query("INSERT INTO t VALUES (2)", none);
        const std::string before = co_await count(pool);
        EXPECT_EQ(before, "0");
        const QueryResult committed = co_await transaction.commit();
        EXPECT_TRUE(committed.has_value());
        const std::string after = co_await count(pool);
        EXPECT_EQ(after, "2");
    };
    with_pool(options(), work);
}

TEST_F(TransactionTest, DroppedIsRolledBackBeforeAnybodyElseUsesItsConnection) {
    ConnectionOptions one = options();
    one.connections = 1;
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        {
            Transaction transaction = co_await pool.begin();
            (void)co_await transaction.query("INSERT INTO t VALUES (1)", none);
        }
        const std::string after = co_await count(pool);
        EXPECT_EQ(after, "0");
        const std::string open = co_await value(
            pool, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
        );
        EXPECT_EQ(open, "0");
    };
    with_pool(one, work);
}

TEST_F(TransactionTest, RollsBackWhenTold) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Transaction transaction = co_await pool.begin();
        (void)co_await transaction.query("INSERT INTO t VALUES (1)", none);
        co_await transaction.rollback();
        const std::string after = co_await count(pool);
        EXPECT_EQ(after, "0");
    };
    with_pool(options(), work);
}

TEST_F(TransactionTest, DoesNotPretendToCommitAfterAnError) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Transaction transaction = co_await pool.begin();
        (void)co_await transaction.query("INSERT INTO t VALUES (1)", none);
        const QueryResult bad = co_await transaction.query("SELECT 1/0", none);
        EXPECT_EQ(state_of(bad), "22012");
        const QueryResult next = co_await transaction.query("SELECT 1", none);
        EXPECT_EQ(state_of(next), "25P02");
        const QueryResult committed = co_await transaction.commit();
        EXPECT_EQ(state_of(committed), "25P02");
        const std::string after = co_await count(pool);
        EXPECT_EQ(after, "0");
    };
    with_pool(options(), work);
}

TEST_F(TransactionTest, TellsOfAConstraintThatTheCommitItselfFinds) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Transaction transaction = co_await pool.begin();
        const QueryResult inserted =
            co_await transaction.query("INSERT INTO t VALUES (1), (1)", none);
        EXPECT_TRUE(inserted.has_value());
        const QueryResult committed = co_await transaction.commit();
        EXPECT_EQ(state_of(committed), "23505");
        // The same of a single statement, whose commit comes after its own result.
        const QueryResult single = co_await pool.query("INSERT INTO t VALUES (1), (1)", none);
        EXPECT_EQ(state_of(single), "23505");
    };
    with_pool(options(), work);
}

TEST_F(TransactionTest, EndsWithItsLastStatement) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Transaction transaction = co_await pool.begin();
        (void)co_await transaction.query("INSERT INTO t VALUES (1)", none);
        Params two;
        two.integer(2);
        const QueryResult last = co_await transaction.commit_with(
            "INSERT INTO t VALUES ($1::int) RETURNING a", std::move(two)
        );
        EXPECT_EQ(last->integer(0, 0), 2);
        const std::string after = co_await count(pool);
        EXPECT_EQ(after, "2");
    };
    with_pool(options(), work);
}

TEST_F(TransactionTest, IsRolledBackByTheErrorOfItsLastStatement) {
    ConnectionOptions one = options();
    one.connections = 1;
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        co_await make_table(pool);
        Params with_nul;
        with_nul.text(std::string(1, '\0'));
        Params harmless;
        harmless.text("x");
        for (const auto& [statement, params, state] :
             {std::tuple(Statement("SELECT 1 / length($1) - length($1) / 0"), harmless, "22012"),
              std::tuple(Statement("SELECT $1::text"), with_nul, "22021"),
              std::tuple(
                  Statement("INSERT INTO t SELECT length($1) FROM generate_series(1, 2)"),
                  harmless,
                  "23505"
              )}) {
            Transaction transaction = co_await pool.begin();
            (void)co_await transaction.query("INSERT INTO t VALUES (7)", none);
            const QueryResult last = co_await transaction.commit_with(statement, params);
            EXPECT_EQ(state_of(last), state);
            const std::string after = co_await count(pool);
            EXPECT_EQ(after, "0");
            const std::string open = co_await value(
                pool, "SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in%'"
            );
            EXPECT_EQ(open, "0");
        }
    };
    with_pool(one, work);
}

TEST_F(TransactionTest, LeavesAConnectionToSingleQueries) {
    ConnectionOptions two = options();
    two.connections = 2;
    two.wait_timeout = std::chrono::milliseconds(200);
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        Transaction first = co_await pool.begin();
        bool refused = false;
        try {
            (void)co_await pool.begin();
        } catch (const Unavailable&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        const std::string one = co_await value(pool, "SELECT 1");
        EXPECT_EQ(one, "1");
        co_await first.rollback();
        Transaction second = co_await pool.begin();
        co_await second.rollback();
    };
    with_pool(two, work);
}

TEST_F(TransactionTest, WhoBeginsAgainStandsBehindThoseWhoWait) {
    ConnectionOptions two = options();
    two.connections = 2;  // One of them may be in a transaction.
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        std::string order;
        const auto twice = [&](const char* name) -> asio::awaitable<void> {
            for (int n = 0; n < 2; ++n) {
                Transaction transaction = co_await pool.begin();
                order += name;
                (void)co_await transaction.commit();
            }
        };
        net::TaskGroup callers(context_.get_executor());
        for (const char* name : {"a", "b", "c"}) {
            callers.start(name, twice(name));
        }
        co_await callers.join();
        EXPECT_EQ(order, "abcabc");
    };
    with_pool(two, work);
}

TEST_F(TransactionTest, WhoseConnectionDiesIsUnavailable) {
    const auto work = [](Pool& pool) -> asio::awaitable<void> {
        Transaction transaction = co_await pool.begin();
        int unavailable = 0;
        try {
            (void)co_await transaction.query("SELECT pg_terminate_backend(pg_backend_pid())", none);
        } catch (const Unavailable&) {
            ++unavailable;
        }
        try {
            (void)co_await transaction.commit();
        } catch (const Unavailable&) {
            ++unavailable;
        }
        EXPECT_EQ(unavailable, 2);
    };
    with_pool(options(), work);
}

}  // namespace
}  // namespace chatear::postgres
