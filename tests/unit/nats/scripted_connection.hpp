// What the tests of a connection against a scripted peer share.
#pragma once

#include "nats/connection.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>

namespace chatear::nats {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::PeerScript;
using test::ScriptedPeer;

inline const std::string info =
    "INFO {\"server_id\":\"X\",\"version\":\"2.9.10\",\"headers\":true,\"max_payload\":1000}\r\n";

/// Greets, lets in, and answers PINGs by the script that follows.
inline PeerScript greeting(const std::string& said = info) {
    return {
        test::send(said),
        test::expect_line("CONNECT {"),
        test::expect("PING\r\n"),
        test::send("PONG\r\n"),
        test::expect_line("SUB _INBOX.")};
}

inline PeerScript then(PeerScript script, const PeerScript& more) {
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

}  // namespace chatear::nats
