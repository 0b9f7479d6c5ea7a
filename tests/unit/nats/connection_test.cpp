// The connection against a scripted peer: broken at every byte and step.
#include "scripted_connection.hpp"

namespace chatear::nats {
namespace {

TEST_F(ScriptedConnection, ComesBackWhereverTheServerHangsUp) {
    const PeerScript whole = then(
        greeting(),
        {test::expect_line("PUB ask"),
         test::expect("?\r\n"),
         test::send("MSG x 9 5\r\nhello\r\n"),
         test::send("PING\r\n"),
         test::expect("PONG\r\n")}
    );
    for (std::size_t step = 0; step <= whole.size(); ++step) {
        for (const test::PeerStep& end : {test::hang_up(), test::reset()}) {
            SCOPED_TRACE(step);
            const PeerScript good = then(greeting(), {test::swallow()});
            const auto body = [&]() -> asio::awaitable<void> {
                ScriptedPeer peer({test::cut_after_steps(whole, step, end), good});
                Connection connection(io_.get_executor(), options(peer));
                connection.start();
                const auto second = [&] { return peer.accepted() == 2 && connection.connected(); };
                const auto first = [&] { return second() || connection.connected(); };
                const bool connected = co_await until(first);
                EXPECT_TRUE(connected);
                if (connection.connected()) {
                    connection.publish("ask", "?");
                }
                const bool again = co_await until(second);
                EXPECT_TRUE(again) << connection.last_error();
                co_await connection.stop();
            };
            run(body);
        }
    }
}

TEST_F(ScriptedConnection, ComesBackWhereverItsBytesAreCut) {
    const PeerScript whole = then(greeting(), {test::send("PING\r\n"), test::expect("PONG\r\n")});
    for (std::size_t bytes = 0; bytes <= test::sent_bytes(whole); bytes += 3) {
        SCOPED_TRACE(bytes);
        const PeerScript good = then(greeting(), {test::swallow()});
        const auto body = [&]() -> asio::awaitable<void> {
            ScriptedPeer peer({test::cut_at(whole, bytes), good});
            Connection connection(io_.get_executor(), options(peer));
            connection.start();
            const auto second = [&] { return peer.accepted() == 2 && connection.connected(); };
            const bool again = co_await until(second);
            EXPECT_TRUE(again) << connection.last_error();
            co_await connection.stop();
        };
        run(body);
    }
}

TEST_F(ScriptedConnection, SaysWhatIsWrongWithAPeerThatIsNoNatsServer) {
    EXPECT_NE(
        error_after({test::send("220 mail.example ESMTP\r\n")}).find("does not speak NATS"),
        std::string::npos
    );
    EXPECT_NE(error_after({test::send("PING\r\n")}).find("does not greet"), std::string::npos);
    EXPECT_NE(error_after({test::send("INFO {}\r\n")}).find("knows no headers"), std::string::npos);
    EXPECT_NE(error_after({test::hang_up()}).find("closed by the peer"), std::string::npos);
    EXPECT_NE(
        error_after(
            {test::send(info),
             test::expect_line("CONNECT"),
             test::send("-ERR 'Authorization Violation'\r\n")}
        ),
        ""
    );
    EXPECT_NE(
        error_after(
            {test::send(info), test::expect_line("CONNECT"), test::send("MSG a 1 1\r\nx\r\n")}
        )
            .find("before anything was subscribed"),
        std::string::npos
    );
}

TEST_F(ScriptedConnection, GivesAStalledHandshakeUpInTime) {
    EXPECT_EQ(error_after({test::stall()}), "it did not finish the handshake in time");
    EXPECT_EQ(
        error_after({test::send(info), test::expect_line("CONNECT"), test::stall()}),
        "it did not finish the handshake in time"
    );
}

TEST_F(ScriptedConnection, NeverTakesBytesOfBeforeTlsForBytesUnderTls) {
    const std::string tls_info = "INFO {\"headers\":true,\"tls_required\":true}\r\n";
    EXPECT_NE(
        error_after({test::send(tls_info + "-ERR 'injected'\r\n")})
            .find("between its INFO and TLS"),
        std::string::npos
    );
}

TEST_F(ScriptedConnection, PublishesOfOneTurnLeaveTogether) {
    const auto body = [&]() -> asio::awaitable<void> {
        ScriptedPeer peer(then(greeting(), {test::swallow()}));
        Connection connection(io_.get_executor(), options(peer));
        connection.start();
        co_await connection.wait_connected();
        std::string expected;
        for (int i = 0; i < 100; ++i) {
            connection.publish("a", std::to_string(i));
            append_publish(expected, "a", "", {}, std::to_string(i));
        }
        const auto arrived = [&] { return peer.received().ends_with(expected); };
        const bool all = co_await until(arrived);
        EXPECT_TRUE(all);
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, RubbishInTheStreamEndsTheConnection) {
    const auto body = [&]() -> asio::awaitable<void> {
        const PeerScript good = then(greeting(), {test::swallow()});
        ScriptedPeer peer(
            {then(greeting(), {test::send("MSG _INBOX 1 zero\r\n"), test::swallow()}), good}
        );
        Connection connection(io_.get_executor(), options(peer));
        connection.start();
        const auto second = [&] { return connection.epoch() == 2; };
        const bool again = co_await until(second);
        EXPECT_TRUE(again);
        EXPECT_EQ(peer.failure(), "");
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, StopsWithoutStartAndTwice) {
    const auto body = [&]() -> asio::awaitable<void> {
        ScriptedPeer peer(PeerScript{test::swallow()});
        Connection never_started(io_.get_executor(), options(peer));
        co_await never_started.stop();
        co_await never_started.stop();
        Connection connecting(io_.get_executor(), options(peer));
        connecting.start();
        co_await connecting.stop();
        EXPECT_FALSE(connecting.connected());
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
