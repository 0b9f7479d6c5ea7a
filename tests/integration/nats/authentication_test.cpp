#include "base/ids.hpp"
#include "base/log.hpp"
#include "nats/nkey.hpp"
#include "nats_test.hpp"
#include "operator_jwt.hpp"

namespace chatear::nats {
namespace {

class AuthenticationTest : public NatsTest {
protected:
    std::string at(const NatsServer& server, const std::string& log_in) {
        return "nats://" + log_in + "127.0.0.1:" + std::to_string(server.port());
    }
};

constexpr const char* refused = "it refused us: Authorization Violation";

TEST_F(AuthenticationTest, ByUserAndPassword) {
    NatsServer::Options options;
    options.config = "authorization { user: ann, password: \"p@ss:w/rd\" }\n";
    const NatsServer server(options);
    EXPECT_EQ(try_with(options_for(at(server, "ann:p%40ss%3Aw%2Frd@"))), "");
    EXPECT_EQ(try_with(options_for(at(server, "ann:wrong@"))), refused);
    EXPECT_EQ(try_with(options_for(at(server, ""))), refused);
}

TEST_F(AuthenticationTest, ByToken) {
    NatsServer::Options options;
    options.config = "authorization { token: s3cr3t }\n";
    const NatsServer server(options);
    EXPECT_EQ(try_with(options_for(at(server, "s3cr3t@"))), "");
    EXPECT_EQ(try_with(options_for(at(server, "wrong@"))), refused);
}

TEST_F(AuthenticationTest, ByNkey) {
    const Nkey key = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    NatsServer::Options options;
    options.config = "authorization { users: [{ nkey: " + key.public_key() + " }] }\n";
    const NatsServer server(options);
    ConnectionOptions ours = options_for(server.url());
    ours.nkey = Nkey::from_seed(key.seed()).value();
    EXPECT_EQ(try_with(ours), "");
    ours.nkey = Nkey::from_raw_seed(NkeyRole::user, random_bytes(32));
    EXPECT_EQ(try_with(ours), refused);
}

/// With a server that knows the users of one operator.
class CredentialsFileTest : public NatsTest {
protected:
    CredentialsFileTest() : server_(trusting(operator_jwt_)), ours_(options_for(server_.url())) {
        ours_.credentials_file = server_.folder() / "user.creds";
    }

    static NatsServer::Options trusting(const test::OperatorJwt& jwt) {
        NatsServer::Options options;
        options.jetstream = false;
        options.config = jwt.server_config();
        return options;
    }

    test::OperatorJwt operator_jwt_;
    NatsServer server_;
    ConnectionOptions ours_;
};

TEST_F(CredentialsFileTest, LetsTheUserOfAnOperatorIn) {
    test::write_file(ours_.credentials_file, operator_jwt_.user_credentials());
    EXPECT_EQ(try_with(ours_), "");
    const test::OperatorJwt other;
    test::write_file(ours_.credentials_file, other.user_credentials());
    EXPECT_EQ(try_with(ours_), refused);
    test::write_file(ours_.credentials_file, "rubbish");
    EXPECT_NE(try_with(ours_).find("credentials file"), std::string::npos);
}

TEST_F(CredentialsFileTest, IsTakenWithoutARestartWhenItIsRenewed) {
    const test::OperatorJwt other;
    test::write_file(ours_.credentials_file, other.user_credentials());
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, ours_);
        const auto is_told = [&] { return client.connection.last_error() == refused; };
        const bool told = co_await until(is_told);
        EXPECT_TRUE(told);
        test::write_file(ours_.credentials_file, operator_jwt_.user_credentials());
        co_await client.connection.wait_connected();
        co_await client.connection.stop();
    };
    run(body);
}

TEST_F(CredentialsFileTest, CostsOneReconnectionWhenItIsRenewedBeforeItsEnd) {
    test::write_file(ours_.credentials_file, operator_jwt_.user_credentials(seconds(2)));
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, ours_);
        Connection& connection = client.connection;
        co_await connection.wait_connected();
        std::string why;
        const auto listener =
            connection.on_change([&] { why = why.empty() ? connection.last_error() : why; });
        test::write_file(ours_.credentials_file, operator_jwt_.user_credentials());
        const auto is_back = [&] { return connection.connected() && connection.epoch() == 2; };
        const bool back = co_await until(is_back);
        EXPECT_TRUE(back);
        EXPECT_EQ(why, "it said: User Authentication Expired");
        co_await connection.flush(seconds(5));
        co_await connection.stop();
    };
    run(body);
}

TEST_F(CredentialsFileTest, MayHaveDashesInItsJwt) {
    std::string credentials;
    const auto has_dashes = [&] {
        const std::size_t jwt = credentials.find("\n") + 1;
        return credentials.find("--", jwt) < credentials.find("\n", jwt);
    };
    while (!has_dashes()) {
        credentials = operator_jwt_.user_credentials();
    }
    test::write_file(ours_.credentials_file, credentials);
    EXPECT_EQ(try_with(ours_), "");
}

}  // namespace
}  // namespace chatear::nats
