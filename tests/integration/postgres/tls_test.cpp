#include "fixture.hpp"
#include "support/certificates.hpp"

#include <gmock/gmock.h>

namespace chatear::postgres {
namespace {

using testing::HasSubstr;

class TlsTest : public PostgresTest {
protected:
    TlsTest() {
        const test::Certificates::Pair pair = certificates_.loopback();
        server_.enable_tls(pair.certificate_file, pair.key_file);
    }

    /// Why no connection to `url` comes about.
    std::string first_error(const std::string& url) {
        Pool pool(context_.get_executor(), options_for(url));
        std::string why;
        run([&]() -> asio::awaitable<void> {
            pool.start();
            const Params none;
            try {
                (void)co_await pool.query("SELECT 1", none);
            } catch (const Unavailable& error) {
                why = error.why();
            }
            co_await pool.stop();
        });
        return why;
    }

    std::string verified_url(const std::string& ca_file) const {
        return server_.url() + "?sslmode=verify-full&sslrootcert=" + ca_file;
    }

    test::Certificates certificates_;
    test::PostgresServer server_;
};

TEST_F(TlsTest, VerifiesTheServerAndMovesMuchAtOnce) {
    const std::string url = verified_url(certificates_.ca_file());
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
    EXPECT_THAT(
        first_error(verified_url(others.ca_file())), HasSubstr("certificate verify failed")
    );
}

TEST_F(TlsTest, LeavesAServerWhoseCertificateIsForAnotherName) {
    const test::Certificates::Pair pair = certificates_.issue({"DNS:other.test"});
    server_.enable_tls(pair.certificate_file, pair.key_file);
    EXPECT_THAT(
        first_error(verified_url(certificates_.ca_file())), HasSubstr("does not match host name")
    );
}

TEST_F(TlsTest, LeavesAServerWhoseCertificateHasExpired) {
    const auto pair = certificates_.issue_expired({"DNS:localhost", "IP:127.0.0.1"});
    server_.enable_tls(pair.certificate_file, pair.key_file);
    EXPECT_THAT(
        first_error(verified_url(certificates_.ca_file())), HasSubstr("certificate verify failed")
    );
}

TEST_F(TlsTest, AnAuthorityInTheUrlIsAlwaysAskedFor) {
    // libpq alone would be content with any certificate, and with none.
    const test::Certificates others;
    const std::string url = server_.url() + "?sslrootcert=";
    EXPECT_EQ(first_error(url + certificates_.ca_file()), "");
    EXPECT_THAT(first_error(url + others.ca_file()), HasSubstr("certificate verify failed"));
}

TEST_F(TlsTest, LeavesAServerThatOffersNoTlsWhereItIsAskedFor) {
    test::PostgresServer& plain = test::PostgresServer::shared();
    EXPECT_THAT(
        first_error(plain.url() + "?sslmode=verify-full&sslrootcert=" + certificates_.ca_file()),
        HasSubstr("server does not support SSL")
    );
}

}  // namespace
}  // namespace chatear::postgres
