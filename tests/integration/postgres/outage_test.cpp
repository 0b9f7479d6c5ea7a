#include "fixture.hpp"
#include "net/timer.hpp"

namespace chatear::postgres {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A server that may be harmed.
class OutageTest : public PostgresTest {
protected:
    test::PostgresServer server_;

    ConnectionOptions impatient() {
        ConnectionOptions options = options_for(server_.url());
        options.connections = 2;
        options.statement_timeout = milliseconds(300);
        options.connect_timeout = milliseconds(500);
        return options;
    }

    static asio::awaitable<bool> is_unavailable(Pool& pool) {
        const Params none;
        try {
            (void)co_await pool.query("SELECT 1", none);
        } catch (const Unavailable&) {
            co_return true;
        }
        co_return false;
    }
};

TEST_F(OutageTest, AStoppedServerIsUnavailableAndThePoolComesBackByItself) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        const std::string before = co_await value(pool, "SELECT 1");
        EXPECT_EQ(before, "1");
        server_.stop();
        bool unavailable = co_await is_unavailable(pool);
        EXPECT_TRUE(unavailable);
        while (pool.last_error().find("refused") == std::string::npos) {
            co_await net::sleep_for(milliseconds(10));
        }
        const auto began = steady_clock::now();
        unavailable = co_await is_unavailable(pool);
        EXPECT_TRUE(unavailable);
        EXPECT_LT(steady_clock::now() - began, milliseconds(100)) << "it is known to be down";
        server_.start();
        const bool back = co_await pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(back);
        const std::string after = co_await value(pool, "SELECT 2");
        EXPECT_EQ(after, "2");
    };
    with_pool(impatient(), work);
}

TEST_F(OutageTest, AKilledServerIsUnavailableAndThePoolComesBackByItself) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        server_.kill();
        const bool unavailable = co_await is_unavailable(pool);
        EXPECT_TRUE(unavailable);
        server_.start();
        const bool back = co_await pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(back);
    };
    with_pool(impatient(), work);
}

TEST_F(OutageTest, AServerThatStallsIsUnavailableWithinTheTimeLimit) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        server_.pause();
        const auto began = steady_clock::now();
        const bool unavailable = co_await is_unavailable(pool);
        const auto took = steady_clock::now() - began;
        EXPECT_TRUE(unavailable);
        EXPECT_LT(took, milliseconds(3500));
        server_.resume();
        const bool back = co_await pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(back);
        const std::string after = co_await value(pool, "SELECT 2");
        EXPECT_EQ(after, "2");
    };
    with_pool(impatient(), work);
}

TEST_F(OutageTest, AServerThatStallsWhileConnectingIsUnavailableWithinTheTimeLimit) {
    server_.pause();
    Pool pool(context_.get_executor(), impatient());
    run([&]() -> asio::awaitable<void> {
        pool.start();
        const auto began = steady_clock::now();
        const bool unavailable = co_await is_unavailable(pool);
        EXPECT_TRUE(unavailable);
        EXPECT_LT(steady_clock::now() - began, milliseconds(2000));
        server_.resume();
        const bool back = co_await pool.wait_until_available(std::chrono::seconds(10));
        EXPECT_TRUE(back);
        co_await pool.stop();
    });
}

TEST_F(OutageTest, AServerThatIsDownAtStartIsFoundLater) {
    server_.stop();
    Pool pool(context_.get_executor(), impatient());
    run([&]() -> asio::awaitable<void> {
        pool.start();
        const bool unavailable = co_await is_unavailable(pool);
        EXPECT_TRUE(unavailable);
        EXPECT_FALSE(pool.available());
        server_.start();
        const bool back = co_await pool.wait_until_available(std::chrono::seconds(15));
        EXPECT_TRUE(back);
        co_await pool.stop();
    });
}

TEST_F(OutageTest, WhoCallsDuringTheFirstConnectWaitsForIt) {
    Pool pool(context_.get_executor(), options_for(server_.url()));
    run([&]() -> asio::awaitable<void> {
        pool.start();
        const std::string one = co_await value(pool, "SELECT 1");
        EXPECT_EQ(one, "1");
        co_await pool.stop();
    });
}

TEST_F(OutageTest, AStandbyIsLeftForTheServerThatTakesWrites) {
    test::PostgresServer primary;
    server_.sql("ALTER SYSTEM SET default_transaction_read_only = on");
    server_.sql("SELECT pg_reload_conf()");
    EXPECT_TRUE(test::eventually([&] {
        return server_.sql("SHOW default_transaction_read_only") == "on";
    }));
    ConnectionOptions both = impatient();
    both.url = Secret(
        "postgres://postgres@127.0.0.1:" + std::to_string(server_.port()) +
        ",127.0.0.1:" + std::to_string(primary.port()) + "/postgres"
    );
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        const std::string port = co_await value(pool, "SHOW port");
        EXPECT_EQ(port, std::to_string(primary.port()));
    };
    with_pool(both, work);
}

TEST_F(OutageTest, APrimaryThatBecomesReadOnlyIsUnavailableAndLeft) {
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        (void)co_await value(pool, "CREATE TABLE t (a int)");
        server_.sql("ALTER SYSTEM SET default_transaction_read_only = on");
        server_.sql("SELECT pg_reload_conf()");
        EXPECT_TRUE(test::eventually([&] {
            return server_.sql("SHOW default_transaction_read_only") == "on";
        }));
        const Params none;
        bool unavailable = false;
        const auto end = steady_clock::now() + std::chrono::seconds(5);
        while (!unavailable && steady_clock::now() < end
        ) {  // A backend reads the setting in its own time.
            try {
                (void)co_await pool.query("INSERT INTO t VALUES (1)", none);
            } catch (const Unavailable& error) {
                unavailable = true;
                EXPECT_NE(error.why().find("25006"), std::string::npos) << error.why();
            }
        }
        EXPECT_TRUE(unavailable);
    };
    with_pool(impatient(), work);
}

}  // namespace
}  // namespace chatear::postgres
