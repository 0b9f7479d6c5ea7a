#pragma once

#include "net/timer.hpp"
#include "smtp/pool.hpp"
#include "support/coroutine.hpp"
#include "unit/smtp/dialogue.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace chatear::smtp::test {

using chatear::test::PeerScript;
using chatear::test::ScriptedPeer;
using std::chrono::milliseconds;

/// How one message ended.
struct Ending {
    std::optional<SendResult> result;
    std::string thrown;
};

/// A pool against a scripted peer, and a message to send.
class PoolOnPeer : public testing::Test {
protected:
    void begin(
        std::vector<PeerScript> connections, const std::function<void(Options&)>& change = {}
    ) {
        peer.emplace(std::move(connections));
        Options options = options_for(peer->port());
        if (change) {
            change(options);
        }
        pool.emplace(context.get_executor(), options);
    }

    asio::awaitable<void> send(Ending& ending) {
        const Envelope envelope{"shop@a.test", recipient, false};
        const ContentSource source = [](const Capabilities&) {
            return Result<std::string>(content);
        };
        const BeforeContent permission = before;
        try {
            const SendResult result = co_await pool->send(envelope, source, permission);
            ending.result = result;
        } catch (const Unavailable& unavailable) {
            ending.thrown = unavailable.what();
        }
    }

    asio::awaitable<void> until_available() {
        while (!pool->available()) {
            co_await net::sleep_for(milliseconds(1));
        }
    }

    void run(const std::function<asio::awaitable<void>()>& scenario) {
        chatear::test::run_coroutine(context, scenario);
    }

    /// The pool's whole life, with one message in it.
    void run_first() {
        run([this]() -> asio::awaitable<void> {
            pool->start();
            co_await send(first);
            co_await pool->stop(milliseconds(1000));
        });
    }

    /// With two, the second when the first has ended.
    void run_both() {
        run([this]() -> asio::awaitable<void> {
            pool->start();
            co_await send(first);
            co_await send(second);
            co_await pool->stop(milliseconds(1000));
        });
    }

    static asio::awaitable<bool> grant() { co_return true; }

    static BeforeContent::Later count_and_grant(int& asked) {
        return [&asked]() -> asio::awaitable<bool> {
            ++asked;
            co_return true;
        };
    }

    asio::io_context context;
    std::optional<ScriptedPeer> peer;
    std::optional<Pool> pool;
    BeforeContent before = grant;
    std::string recipient = "ann@b.test";
    Ending first;
    Ending second;
};

}  // namespace chatear::smtp::test
