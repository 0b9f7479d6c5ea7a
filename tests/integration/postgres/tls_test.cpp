#include "fixture.hpp"
#include "support/certificates.hpp"

namespace chatear::postgres {
namespace {

class TlsTest : public PostgresTest {
protected:
    TlsTest() {
        const test::Certificates::Pair pair = certificates_.loopback();
        server_.enable_tls(pair.certificate_file, pair.key_file);
    }

    test::Certificates certificates_;
    test::PostgresServer server_;
};

TEST_F(TlsTest, VerifiesTheServerAndMovesMuchAtOnce) {
    const std::string url =
        server_.url() + "?sslmode=verify-full&sslrootcert=" + certificates_.ca_file();
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        const std::string encrypted =
            co_await value(pool, "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
        EXPECT_EQ(encrypted, "t");
        net::TaskGroup callers(context_.get_executor());
        int right = 0;
        const auto ask = [](Pool& on, int& counted) -> asio::awaitable<void> {
            Params params;
            params.text(std::string(100'000, 'x'));
            const QueryResult result = co_await on.query("SELECT $1::text", params);
            counted += result && result->text(0, 0).size() == 100'000 ? 1 : 0;
        };
        for (int n = 0; n < 200; ++n) {
            callers.start("asks", ask(pool, right));
        }
        co_await callers.join();
        EXPECT_EQ(right, 200);
    };
    with_pool(options_for(url), work);
}

TEST_F(TlsTest, LeavesAServerThatAnotherAuthorityVouchesFor) {
    const test::Certificates others;
    const std::string url = server_.url() + "?sslmode=verify-full&sslrootcert=" + others.ca_file();
    Pool pool(context_.get_executor(), options_for(url));
    run([&]() -> asio::awaitable<void> {
        pool.start();
        const Params none;
        std::string why;
        try {
            (void)co_await pool.query("SELECT 1", none);
        } catch (const Unavailable& error) {
            why = error.why();
        }
        EXPECT_NE(why.find("certificate verify failed"), std::string::npos) << why;
        co_await pool.stop();
    });
}

}  // namespace
}  // namespace chatear::postgres
