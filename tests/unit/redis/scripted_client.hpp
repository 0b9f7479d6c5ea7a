// A client of a scripted peer, shared by the tests of the client.
#pragma once

#include "base/error.hpp"
#include "net/timer.hpp"
#include "redis/client.hpp"
#include "support/coroutine.hpp"
#include "support/scripted_peer.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::redis {

using test::expect;
using test::PeerScript;
using test::ScriptedPeer;

inline std::string encoded(const std::vector<std::string>& words) {
    Command command(words.front());
    for (std::size_t word = 1; word < words.size(); ++word) {
        command.add(words[word]);
    }
    return command.encoded();
}

// How every connection begins.
inline const PeerScript greeting = {
    expect(encoded({"SET", "chatear:probe", "1", "EX", "60"})),
    test::send("+OK\r\n"),
};

inline PeerScript operator+(PeerScript left, const PeerScript& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

inline Options options_for(const ScriptedPeer& peer) {
    Options options;
    options.address.host = "127.0.0.1";
    options.address.port = peer.port();
    options.connect_timeout = std::chrono::milliseconds(2000);
    options.command_timeout = std::chrono::milliseconds(2000);
    options.first_backoff = std::chrono::milliseconds(5);
    options.most_backoff = std::chrono::milliseconds(20);
    return options;
}

inline asio::awaitable<void> until_available(Client& client) {
    while (!client.available()) {
        co_await net::sleep_for(std::chrono::milliseconds(2));
    }
}

// The last reason that it gave for not being available.
inline asio::awaitable<std::string> error_until_available(Client& client) {
    std::string error;
    while (!client.available()) {
        error = client.last_error();
        co_await net::sleep_for(std::chrono::milliseconds(2));
    }
    co_return error;
}

// What became of a command: its text, "Error: ..." or "Unavailable: ...".
inline asio::awaitable<std::string> outcome_of(Client& client, Command command) {
    try {
        const Result<Reply> reply = co_await client.command(std::move(command));
        if (!reply) {
            co_return "Error: " + reply.error().message;
        }
        const std::string* text = reply->text();
        co_return text != nullptr ? *text : "(no text)";
    } catch (const Unavailable& error) {
        co_return "Unavailable: " + error.why();
    }
}

inline Command get(const std::string& key) {
    Command command("GET");
    command.add(key);
    return command;
}

/// Runs `body` with a client of `peer` and stops the client.
class ClientOf {
public:
    explicit ClientOf(Options options) : client(context.get_executor(), std::move(options)) {
        client.start();
    }

    void run(const std::function<asio::awaitable<void>()>& body) {
        const auto whole = [&]() -> asio::awaitable<void> {
            co_await body();
            co_await client.stop();
        };
        test::run_coroutine(context, whole);
    }

    asio::io_context context;
    Client client;
};

}  // namespace chatear::redis
