#include "nats_test.hpp"
#include "support/certificates.hpp"

namespace chatear::nats {
namespace {

using test::Certificates;

class TlsTest : public NatsTest {
protected:
    static NatsServer::Options tls_server(
        const Certificates::Pair& pair, const std::string& more = ""
    ) {
        NatsServer::Options options;
        options.config = "tls { cert_file: \"" + pair.certificate_file + "\", key_file: \"" +
                         pair.key_file + "\"" + (more.empty() ? "" : ", " + more) + " }\n";
        return options;
    }

    static std::string at(
        const NatsServer& server, const std::string& scheme, const std::string& host
    ) {
        return scheme + "://" + host + ":" + std::to_string(server.port());
    }

    Certificates certificates_;
};

TEST_F(TlsTest, IsUsedWhereTheServerRequiresItOrTheUrlAsks) {
    const NatsServer server(tls_server(certificates_.loopback()));
    for (const std::string scheme : {"nats", "tls"}) {
        for (const std::string host : {"127.0.0.1", "localhost"}) {
            ConnectionOptions options = options_for(at(server, scheme, host));
            options.tls.ca_file = certificates_.ca_file();
            EXPECT_EQ(try_with(options), "") << scheme << " " << host;
        }
    }
}

TEST_F(TlsTest, RefusesAnUnknownAuthority) {
    const NatsServer server(tls_server(certificates_.loopback()));
    EXPECT_NE(
        try_with(options_for(at(server, "tls", "127.0.0.1"))).find("certificate was refused"),
        std::string::npos
    );
    const Certificates others;
    ConnectionOptions options = options_for(at(server, "tls", "127.0.0.1"));
    options.tls.ca_file = others.ca_file();
    EXPECT_NE(try_with(options).find("certificate was refused"), std::string::npos);
}

TEST_F(TlsTest, RefusesACertificateForAnotherName) {
    const NatsServer server(tls_server(certificates_.issue({"DNS:nats.example"})));
    ConnectionOptions options = options_for(at(server, "tls", "127.0.0.1"));
    options.tls.ca_file = certificates_.ca_file();
    EXPECT_NE(try_with(options).find("certificate was refused for '127.0.0.1'"), std::string::npos);
    options.servers.front().tls_name = "nats.example";
    EXPECT_EQ(try_with(options), "");
}

TEST_F(TlsTest, RefusesAnExpiredCertificate) {
    const NatsServer server(tls_server(certificates_.issue_expired({"DNS:localhost", "IP:127.0.0.1"}
    )));
    ConnectionOptions options = options_for(at(server, "tls", "127.0.0.1"));
    options.tls.ca_file = certificates_.ca_file();
    EXPECT_NE(try_with(options).find("expired"), std::string::npos);
}

TEST_F(TlsTest, NeverSpeaksPlainlyWhenTlsWasAskedFor) {
    const NatsServer server;
    EXPECT_NE(
        try_with(options_for(at(server, "tls", "127.0.0.1"))).find("offers no TLS"),
        std::string::npos
    );
    ConnectionOptions options = options_for(server.url());
    options.tls.ca_file = certificates_.ca_file();
    options.require_tls = true;
    EXPECT_NE(try_with(options).find("offers no TLS"), std::string::npos);
}

TEST_F(TlsTest, ShowsItsOwnCertificateWhereTheServerWantsOne) {
    const NatsServer server(tls_server(
        certificates_.loopback(), "ca_file: \"" + certificates_.ca_file() + "\", verify: true"
    ));
    ConnectionOptions options = options_for(at(server, "tls", "127.0.0.1"));
    options.tls.ca_file = certificates_.ca_file();
    EXPECT_NE(try_with(options), "");
    const Certificates::Pair ours = certificates_.issue({"DNS:worker"});
    options.tls.certificate_file = ours.certificate_file;
    options.tls.key_file = ours.key_file;
    EXPECT_EQ(try_with(options), "");
}

TEST_F(TlsTest, ComesBackUnderTlsFromACrashAndFromAStall) {
    NatsServer server(tls_server(certificates_.loopback()));
    ConnectionOptions options = options_for(at(server, "tls", "localhost"));
    options.tls.ca_file = certificates_.ca_file();
    const auto body = [&]() -> asio::awaitable<void> {
        Client client(io_, options);
        Connection& connection = client.connection;
        co_await connection.wait_connected();
        int got = 0;
        const Subscription subscription = connection.subscribe("a", [&](const Message&) { ++got; });
        const auto is_lost = [&] { return !connection.connected(); };
        server.kill();
        const bool killed = co_await until(is_lost);
        EXPECT_TRUE(killed);
        server.start();
        co_await connection.wait_connected();
        server.pause();
        // More than the kernel takes: a write that is under way must not outlive the connection.
        for (int i = 0; i < 100; ++i) {
            connection.publish("b", std::string(100'000, 'x'));
        }
        const bool stalled = co_await until(is_lost);
        EXPECT_TRUE(stalled);
        server.resume();
        co_await connection.wait_connected();
        connection.publish("a", "again");
        co_await connection.flush(seconds(5));
        EXPECT_EQ(got, 1);
        EXPECT_EQ(connection.epoch(), 3U);
        co_await connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
