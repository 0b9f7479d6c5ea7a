// The connection against a scripted peer: broken at every byte and step.
#include "nats/connection.hpp"

#include "base/error.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::PeerScript;
using test::ScriptedPeer;

constexpr const char* info =
    "INFO {\"server_id\":\"X\",\"version\":\"2.9.10\",\"headers\":true,\"max_payload\":1000}\r\n";

/// Greets, lets in, and answers PINGs by the script that follows.
PeerScript greeting() {
    return {
        test::send(info),
        test::expect_line("CONNECT {"),
        test::expect("PING\r\n"),
        test::send("PONG\r\n"),
        test::expect_line("SUB _INBOX.")};
}

PeerScript then(PeerScript script, const PeerScript& more) {
    script.insert(script.end(), more.begin(), more.end());
    return script;
}

class ScriptedConnection : public testing::Test {
protected:
    static ConnectionOptions options(const ScriptedPeer& peer) {
        ConnectionOptions options;
        options.servers = {{"127.0.0.1", peer.port()}};
        options.ping_interval = seconds(30);
        options.reconnect_first = milliseconds(1);
        options.reconnect_most = milliseconds(5);
        options.connect_timeout = milliseconds(500);
        options.stop_timeout = milliseconds(5);
        return options;
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        test::run_coroutine(io_, body, seconds(30));
    }

    static asio::awaitable<bool> until(std::function<bool()> condition) {
        const auto end = std::chrono::steady_clock::now() + seconds(10);
        while (!condition() && std::chrono::steady_clock::now() < end) {
            co_await net::sleep_for(milliseconds(1));
        }
        co_return condition();
    }

    /// What the connection says after the peer played `script`, which never lets it in.
    std::string error_after(const PeerScript& script) {
        std::string error;
        const auto body = [&]() -> asio::awaitable<void> {
            ScriptedPeer peer(script);
            ConnectionOptions once = options(peer);
            once.reconnect_first = seconds(30);
            once.reconnect_most = seconds(30);
            Connection connection(io_.get_executor(), std::move(once));
            connection.start();
            const auto failed = [&] { return connection.last_error() != "not connected yet"; };
            const bool told = co_await until(failed);
            EXPECT_TRUE(told);
            error = connection.last_error();
            EXPECT_FALSE(connection.connected());
            co_await connection.stop();
        };
        run(body);
        return error;
    }

    asio::io_context io_;
};

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
