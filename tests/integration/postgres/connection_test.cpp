#include "fixture.hpp"
#include "net/timer.hpp"
#include "postgres/statement_cancelled.hpp"

namespace chatear::postgres {
namespace {

class ConnectionTest : public PostgresTest {
protected:
    // Runs `work` on an open connection.
    void with_connection(
        ConnectionOptions options, const std::function<asio::awaitable<void>(Connection&)>& work
    ) {
        net::TaskGroup tasks(context_.get_executor());
        run([&]() -> asio::awaitable<void> {
            {
                Connection connection(tasks, options);
                net::Resolver resolver(context_.get_executor());
                co_await connection.connect(resolver);
                co_await work(connection);
            }
            co_await tasks.join();
        });
    }
};

TEST_F(ConnectionTest, AnswersAThousandQueriesThatWaitAtOnceEachItsOwn) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        int right = 0;
        const auto ask = [](Connection& on, int n, int& counted) -> asio::awaitable<void> {
            Params params;
            params.integer(n);
            const QueryResult result = co_await on.query("SELECT $1::int * 2", params);
            counted += result && result->integer(0, 0) == 2 * n ? 1 : 0;
        };
        for (int n = 0; n < 1000; ++n) {
            callers.start("asks", ask(connection, n, right));
        }
        co_await callers.join();
        EXPECT_EQ(right, 1000);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, AnErrorInTheMiddleConcernsItsOwnQueryOnly) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        std::vector<std::string> states(100);
        const auto ask = [](Connection& on, int n, std::string& state) -> asio::awaitable<void> {
            Params params;
            params.integer(n % 10);
            const QueryResult result = co_await on.query("SELECT 1 / $1::int", params);
            state = state_of(result);
        };
        for (int n = 0; n < 100; ++n) {
            callers.start("asks", ask(connection, n, states[static_cast<std::size_t>(n)]));
        }
        co_await callers.join();
        for (std::size_t n = 0; n < states.size(); ++n) {
            EXPECT_EQ(states[n], n % 10 == 0 ? "22012" : "00000") << n;
        }
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, AStatementThatDoesNotParseFailsForEachWhoSentItAtOnce) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        std::vector<std::string> states(20);
        const auto ask = [](Connection& on, std::string& state) -> asio::awaitable<void> {
            const Params none;
            const QueryResult result = co_await on.query("SELECT nothing FROM nowhere", none);
            state = state_of(result);
        };
        for (std::string& state : states) {
            callers.start("asks", ask(connection, state));
        }
        co_await callers.join();
        EXPECT_EQ(states, std::vector<std::string>(20, "42P01"));
        const Params none;
        const QueryResult good = co_await connection.query("SELECT 1", none);
        EXPECT_TRUE(good.has_value());
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, PreparesAStatementOnce) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        Params params;
        params.integer(1);
        for (int n = 0; n < 5; ++n) {
            const QueryResult result =
                co_await connection.query("SELECT $1::int AS prepared_once", params);
            EXPECT_TRUE(result.has_value());
        }
        const Params none;
        const QueryResult count = co_await connection.query(
            "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%prepared_once' AND "
            "generic_plans + "
            "custom_plans = 5",
            none
        );
        EXPECT_EQ(count->integer(0, 0), 1);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, RefusesTextsThatPostgresCannotHoldAsDataErrors) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        for (const std::string& bad :
             {std::string("a\0b", 3), std::string("\xc3\x28"), std::string("\xff")}) {
            Params params;
            params.text(bad);
            const QueryResult one = co_await connection.query("SELECT $1::text", params);
            EXPECT_EQ(state_of(one), "22021");
            Params array;
            array.texts({"good", bad});
            const QueryResult many = co_await connection.query("SELECT $1::text[]", array);
            EXPECT_EQ(state_of(many), "22021");
        }
        const Params none;
        const QueryResult good = co_await connection.query("SELECT 1", none);
        EXPECT_TRUE(good.has_value());
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, RunsScriptsAndGivesTheirFirstError) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        const QueryResult good =
            co_await connection.run_script("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
        EXPECT_EQ(good->affected(), 2U);
        const QueryResult bad =
            co_await connection.run_script("INSERT INTO t VALUES (3); SELECT 1/0; SELECT 2");
        EXPECT_EQ(state_of(bad), "22012");
        const Params none;
        const QueryResult count = co_await connection.query("SELECT count(*) FROM t", none);
        EXPECT_EQ(count->integer(0, 0), 2);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, GivesRowsByNameAndType) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        const Params none;
        const QueryResult rows = co_await connection.query(
            "SELECT 7 AS n, true AS yes, NULL::text AS nothing, 'x' AS word, '\\x00ff'::bytea AS "
            "raw, "
            "'2026-11-23 19:04:05.5+01'::timestamptz AS at",
            none
        );
        EXPECT_EQ(rows->integer(0, "n"), 7);
        EXPECT_TRUE(rows->boolean(0, "yes"));
        EXPECT_TRUE(rows->is_null(0, "nothing"));
        EXPECT_EQ(rows->optional_text(0, "nothing"), std::nullopt);
        EXPECT_EQ(rows->text(0, "word"), "x");
        EXPECT_EQ(rows->bytes(0, "raw"), std::string("\0\xff", 2));
        EXPECT_EQ(rows->time(0, "at").time_since_epoch(), std::chrono::milliseconds(1795457045500));
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, MovesMoreThanTheSocketsBuffersBothWays) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        int right = 0;
        const auto ask = [](Connection& on, int& counted) -> asio::awaitable<void> {
            Params params;
            params.text(std::string(4'000'000, 'x'));
            const QueryResult result = co_await on.query("SELECT $1::text", params);
            counted += result && result->text(0, 0).size() == 4'000'000 ? 1 : 0;
        };
        for (int n = 0; n < 10; ++n) {
            callers.start("asks", ask(connection, right));
        }
        co_await callers.join();
        EXPECT_EQ(right, 10);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, AStatementOverTheTimeLimitIsUnavailableAndTheConnectionStays) {
    ConnectionOptions limited = options();
    limited.statement_timeout = std::chrono::milliseconds(100);
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        const Params none;
        std::string why;
        try {
            (void)co_await connection.query("SELECT pg_sleep(5)", none);
        } catch (const StatementCancelled& error) {
            why = error.why();
        }
        EXPECT_NE(why.find("57014"), std::string::npos) << why;
        EXPECT_TRUE(connection.open());
        const QueryResult good = co_await connection.query("SELECT 1", none);
        EXPECT_TRUE(good.has_value());
    };
    with_connection(limited, work);
}

/// The plan, in one line, of a look by key into a table that is still empty.
asio::awaitable<std::string> plan_for_an_empty_table(Connection& connection) {
    const Params none;
    (void)co_await connection.query("CREATE TABLE one_day_large (id int PRIMARY KEY)", none);
    (void)co_await connection.query("INSERT INTO one_day_large VALUES (1)", none);
    (void)co_await connection.query("ANALYZE one_day_large", none);
    const QueryResult plan = co_await connection.query(
        "EXPLAIN SELECT FROM one_day_large JOIN generate_series(1, 10) AS asked ON id = asked", none
    );
    (void)co_await connection.query("DROP TABLE one_day_large", none);
    std::string text;
    for (std::size_t row = 0; plan && row < plan->size(); ++row) {
        text += std::string(plan->text(row, 0)) + ' ';
    }
    co_return text;
}

TEST_F(ConnectionTest, APlanThatIsMadeWhileATableIsSmallStillFitsWhenItIsLarge) {
    std::string plan;
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        plan = co_await plan_for_an_empty_table(connection);
    };
    with_connection(options(), work);
    EXPECT_EQ(plan.find("Seq Scan"), std::string::npos) << plan;
    EXPECT_NE(plan.find("one_day_large_pkey"), std::string::npos) << plan;
    ConnectionOptions for_once = options();
    for_once.plans_stay = false;
    with_connection(for_once, work);
    EXPECT_NE(plan.find("Seq Scan on one_day_large"), std::string::npos) << plan;
}

TEST_F(ConnectionTest, AStatementIsPlannedOnceWhateverItIsGiven) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        for (std::size_t n = 1; n <= 3; ++n) {
            Params params;
            params.integers(std::vector<std::int64_t>(n, 7));
            const QueryResult found = co_await connection.query("SELECT unnest($1::int[])", params);
            EXPECT_EQ(found->size(), n);
        }
        const Params none;
        const QueryResult plans = co_await connection.query(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements "
            "WHERE statement = 'SELECT unnest($1::int[])'",
            none
        );
        EXPECT_EQ(plans->integer(0, "generic_plans"), 3);
        EXPECT_EQ(plans->integer(0, "custom_plans"), 0);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, FailsAllThatWaitsWhenTheBackendIsTerminated) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        net::TaskGroup callers(context_.get_executor());
        int unavailable = 0;
        const auto ask = [](Connection& on, int& counted) -> asio::awaitable<void> {
            const Params none;
            try {
                (void)co_await on.query("SELECT pg_sleep(0.01)", none);
            } catch (const Unavailable&) {
                ++counted;
            }
        };
        const auto ask_for_the_end = [](Connection& on) -> asio::awaitable<void> {
            const Params none;
            try {
                (void)co_await on.query("SELECT pg_terminate_backend(pg_backend_pid())", none);
            } catch (const Unavailable&) {
                co_return;
            }
        };
        callers.start("ends", ask_for_the_end(connection));
        for (int n = 0; n < 50; ++n) {
            callers.start("asks", ask(connection, unavailable));
        }
        co_await callers.join();
        EXPECT_EQ(unavailable, 50);
        EXPECT_FALSE(connection.open());
        const bool closed = co_await connection.closed_within(std::chrono::milliseconds(0));
        EXPECT_TRUE(closed);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, RefusesCopyByClosing) {
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        const Params none;
        bool unavailable = false;
        try {
            (void)co_await connection.query("COPY (SELECT 1) TO STDOUT", none);
        } catch (const Unavailable&) {
            unavailable = true;
        }
        EXPECT_TRUE(unavailable);
    };
    with_connection(options(), work);
}

TEST_F(ConnectionTest, GoesOnToTheNextHostWhenTheFirstIsDead) {
    const auto& server = test::PostgresServer::shared();
    const std::string dead = "127.0.0.1:" + std::to_string(test::free_port());
    const std::string url =
        "postgres://postgres@" + dead + ",127.0.0.1:" + std::to_string(server.port()) + "/postgres";
    const auto work = [&](Connection& connection) -> asio::awaitable<void> {
        EXPECT_EQ(connection.where(), "127.0.0.1:" + std::to_string(server.port()));
        co_return;
    };
    with_connection(options_for(url), work);
}

TEST_F(ConnectionTest, NamesEachHostThatFailed) {
    const auto port = test::free_port();
    const std::string here = "127.0.0.1:" + std::to_string(port);
    std::string why;
    try {
        const auto work = [](Connection&) -> asio::awaitable<void> { co_return; };
        with_connection(
            options_for("postgres://u:s3cret@" + here + ",no-such-host.invalid:1/x"), work
        );
    } catch (const Unavailable& error) {
        why = error.what();
    }
    EXPECT_NE(why.find(here), std::string::npos) << why;
    EXPECT_NE(why.find("no-such-host.invalid"), std::string::npos) << why;
    EXPECT_EQ(why.find("s3cret"), std::string::npos) << why;
}

}  // namespace
}  // namespace chatear::postgres
