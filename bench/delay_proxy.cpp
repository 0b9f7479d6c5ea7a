#include "base/log.hpp"
#include "base/values.hpp"
#include "net/listener.hpp"
#include "net/main_task.hpp"
#include "net/signals.hpp"
#include "net/task_group.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <chrono>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// bench-delay LISTEN TARGET DELAY: what arrives at host:port LISTEN goes on to TARGET, and what
/// comes back to the client, each byte DELAY later. Only time is taken: as many bytes as come may
/// be on their way, so the throughput is that of two connections on loopback.
namespace chatear::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t most_bytes_read = std::size_t{256} * 1024;

/// Two connections that are one for those at their ends.
struct Pair {
    Pair(tcp::socket first, tcp::socket second)
        : client(std::move(first)), server(std::move(second)) {}

    void close() {
        boost::system::error_code ignored;
        client.close(ignored);
        server.close(ignored);
    }
    tcp::socket client;
    tcp::socket server;
};

/// What is on its way in one direction.
struct Road {
    explicit Road(const asio::any_io_executor& executor) : wakeup(executor) {}

    struct Piece {
        SteadyClock::time_point due;
        std::vector<char> bytes;  // None: the sender has ended.
    };
    std::deque<Piece> pieces;
    asio::steady_timer wakeup;
    bool sleeps = false;  // Nothing is on its way.
};

asio::awaitable<void> take(
    std::shared_ptr<Pair> pair,
    tcp::socket Pair::*from,
    std::shared_ptr<Road> road,
    std::chrono::milliseconds delay
) {
    std::vector<char> buffer(most_bytes_read);
    boost::system::error_code error;
    while (!error) {
        const std::size_t count =
            co_await (pair.get()->*from)
                .async_read_some(
                    asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error)
                );
        const auto end = buffer.begin() + static_cast<std::ptrdiff_t>(count);
        road->pieces.push_back({SteadyClock::now() + delay, {buffer.begin(), end}});
        if (road->sleeps) {
            road->wakeup.cancel();
        }
    }
}

asio::awaitable<void> give(
    std::shared_ptr<Pair> pair, tcp::socket Pair::*to, std::shared_ptr<Road> road
) {
    boost::system::error_code error;
    while (true) {
        road->sleeps = road->pieces.empty();
        road->wakeup.expires_at(
            road->sleeps ? SteadyClock::time_point::max() : road->pieces.front().due
        );
        boost::system::error_code woken;
        co_await road->wakeup.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        std::vector<asio::const_buffer> due;
        bool ends = false;
        const SteadyClock::time_point now = SteadyClock::now();
        for (const Road::Piece& piece : road->pieces) {
            if (piece.due > now) {
                break;
            }
            ends = piece.bytes.empty();
            due.push_back(asio::buffer(piece.bytes));
        }
        co_await asio::async_write(
            pair.get()->*to, due, asio::redirect_error(asio::use_awaitable, error)
        );
        if (ends || error) {
            pair->close();
            co_return;
        }
        road->pieces.erase(
            road->pieces.begin(), road->pieces.begin() + static_cast<std::ptrdiff_t>(due.size())
        );
    }
}

asio::awaitable<void> accept_all(
    net::Listener& listener,
    net::TaskGroup& roads,
    tcp::endpoint target,
    std::chrono::milliseconds delay
) {
    const asio::any_io_executor executor = roads.executor();
    while (true) {
        tcp::socket client = co_await listener.accept();
        tcp::socket server(executor);
        boost::system::error_code error;
        co_await server.async_connect(target, asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            continue;  // Both sockets close: the client sees that nobody is there.
        }
        client.set_option(tcp::no_delay(true), error);
        server.set_option(tcp::no_delay(true), error);
        auto pair = std::make_shared<Pair>(std::move(client), std::move(server));
        auto there = std::make_shared<Road>(executor);
        auto back = std::make_shared<Road>(executor);
        roads.start("take there", take(pair, &Pair::client, there, delay));
        roads.start("give there", give(pair, &Pair::server, there));
        roads.start("take back", take(pair, &Pair::server, back, delay));
        roads.start("give back", give(pair, &Pair::client, back));
    }
}

asio::awaitable<int> run(
    asio::any_io_executor executor,
    ListenAddress address,
    ListenAddress target,
    std::chrono::milliseconds delay
) {
    net::StopSignals signals(executor);
    net::Listener listener(executor, address);
    const tcp::endpoint endpoint(asio::ip::make_address(target.host), target.port);
    std::cout << "listening on port " << listener.port() << std::endl;
    net::TaskGroup roads(executor);
    roads.start("accept", accept_all(listener, roads, endpoint, delay));
    (void)co_await signals.wait();
    co_await roads.stop();
    co_return EXIT_SUCCESS;
}

}  // namespace
}  // namespace chatear::bench

int main(int count, char** words) {
    chatear::log::configure(chatear::log::Level::error, chatear::log::Format::text, "bench-delay");
    if (count == 4) {
        const auto address = chatear::parse_listen_address(words[1]);
        const auto target = chatear::parse_listen_address(words[2]);
        const auto delay = chatear::parse_duration(words[3]);
        if (address && target && delay) {
            boost::asio::io_context context(1);
            return chatear::net::run_main_task(
                context, chatear::bench::run(context.get_executor(), *address, *target, *delay)
            );
        }
    }
    std::cerr << "bench-delay LISTEN TARGET DELAY, as in 127.0.0.1:2500 127.0.0.1:2525 10ms\n";
    return EXIT_FAILURE;
}
