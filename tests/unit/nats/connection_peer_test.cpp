// The connection against peers that answer, but not as a good server does.
#include "scripted_connection.hpp"

namespace chatear::nats {
namespace {

TEST_F(ScriptedConnection, AMessageWithoutRealHeadersHarmsNobody) {
    const auto body = [&]() -> asio::awaitable<void> {
        PeerScript script = then(greeting(), {test::expect_line("SUB email.send 2")});
        script.push_back(test::send("HMSG email.send 2 7 9\r\nrubbish{}\r\n"));
        script.push_back(test::send("MSG email.send 2 1\r\nx\r\n"));
        ScriptedPeer peer(then(script, {test::swallow()}));
        Connection connection(io_.get_executor(), options(peer));
        std::vector<Message> got;
        const Subscription subscription = connection.subscribe("email.send", [&](Message message) {
            got.push_back(std::move(message));
        });
        connection.start();
        const auto both = [&] { return got.size() == 2; };
        const bool came = co_await until(both);
        EXPECT_TRUE(came);
        EXPECT_EQ(connection.epoch(), 1U);
        EXPECT_EQ(got.at(0).payload, "{}");
        EXPECT_TRUE(got.at(0).headers.empty());
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, LeavesAServerThatSendsButHasStoppedReading) {
    const auto body = [&]() -> asio::awaitable<void> {
        PeerScript talks = greeting();
        for (int i = 0; i < 100; ++i) {
            talks.push_back(test::expect("PING\r\n"));
            talks.push_back(test::send("+OK\r\n"));
        }
        ScriptedPeer peer({talks, then(greeting(), {test::swallow()})});
        ConnectionOptions often = options(peer);
        often.ping_interval = milliseconds(5);
        Connection connection(io_.get_executor(), std::move(often));
        std::string why;
        const auto listener =
            connection.on_change([&] { why = why.empty() ? connection.last_error() : why; });
        connection.start();
        const auto second = [&] { return connection.epoch() == 2; };
        const bool again = co_await until(second);
        EXPECT_TRUE(again);
        EXPECT_EQ(why, "it sends, but has long answered no PING");
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, AnswersOnlySoManyPingsOfAServerThatTakesNothing) {
    const auto body = [&]() -> asio::awaitable<void> {
        PeerScript script = then(greeting(), {test::expect_line("SUB end 2")});
        std::string pings;
        for (int i = 0; i < 1'000; ++i) {
            pings += "PING\r\n";
        }
        script.push_back(test::send(pings + "MSG end 2 0\r\n\r\n"));
        ScriptedPeer peer(then(script, {test::swallow()}));
        ConnectionOptions small = options(peer);
        small.max_output_bytes = 600;
        Connection connection(io_.get_executor(), std::move(small));
        std::size_t at_the_end = 0;
        const Subscription end = connection.subscribe("end", [&](const Message&) { ++at_the_end; });
        connection.start();
        const auto is_read = [&] { return at_the_end == 1; };
        const bool read = co_await until(is_read);
        EXPECT_TRUE(read);
        connection.publish("done", "");
        const auto is_written = [&] { return peer.received().ends_with("PUB done 0\r\n\r\n"); };
        const bool written = co_await until(is_written);
        EXPECT_TRUE(written);
        const std::string received = peer.received();
        std::size_t pongs = 0;
        for (std::size_t at = received.find("PONG\r\n"); at != std::string::npos;
             at = received.find("PONG\r\n", at + 1)) {
            ++pongs;
        }
        EXPECT_GE(pongs, 1U);
        EXPECT_LE(pongs, 500U);
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, AServerThatRefusesUsDoesNotKeepUsFromAnother) {
    const auto body = [&]() -> asio::awaitable<void> {
        ScriptedPeer strict(
            {test::send(info),
             test::expect_line("CONNECT"),
             test::send("-ERR 'Authorization Violation'\r\n")}
        );
        ScriptedPeer good(then(greeting(), {test::swallow()}));
        ConnectionOptions two = options(strict);
        two.servers.push_back({"127.0.0.1", good.port()});
        two.shuffle = false;
        two.authentication_retry = seconds(60);
        Connection connection(io_.get_executor(), std::move(two));
        connection.start();
        const bool connected = co_await connection.wait_connected_for(seconds(10));
        EXPECT_TRUE(connected) << connection.last_error();
        EXPECT_EQ(strict.failure(), "");
        co_await connection.stop();
    };
    run(body);
}

TEST_F(ScriptedConnection, StaysWithALameDuckWhereThereIsNoOtherServer) {
    const auto body = [&]() -> asio::awaitable<void> {
        const PeerScript lame = {
            test::send("INFO {\"headers\":true,\"max_payload\":1000,\"ldm\":true}\r\n"),
            test::expect("PING\r\n"),
            test::send("PONG\r\n"),
            test::expect_line("PUB a"),
            test::swallow()};
        ScriptedPeer peer({then(greeting(), lame), then(greeting(), {test::swallow()})});
        Connection connection(io_.get_executor(), options(peer));
        connection.start();
        const auto is_told = [&] { return connection.server().lame_duck; };
        const bool told = co_await until(is_told);
        EXPECT_TRUE(told);
        co_await connection.flush(seconds(5));
        connection.publish("a", "");
        const auto is_taken = [&] { return peer.received().ends_with("PUB a 0\r\n\r\n"); };
        const bool taken = co_await until(is_taken);
        EXPECT_TRUE(taken);
        EXPECT_EQ(connection.epoch(), 1U);
        EXPECT_EQ(peer.failure(), "");
        co_await connection.stop();
    };
    run(body);
}

}  // namespace
}  // namespace chatear::nats
