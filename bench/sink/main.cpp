#include "base/log.hpp"
#include "net/listener.hpp"
#include "net/main_task.hpp"
#include "net/signals.hpp"
#include "net/task_group.hpp"
#include "sink/session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// bench-sink HOST:PORT [OPTIONS]: a mail server for benchmarks that throws away what it has
/// checked.
namespace chatear::bench {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::string_view usage =
    R"(bench-sink HOST:PORT [--no-trailers] [--no-chunking] [--no-pipelining] [--times FILE]
Checks every byte of every message (bench/sink/message_check.hpp) and prints one JSON object at SIGTERM.
  --no-trailers   bodies are any, as those of smtp-source
  --times FILE    a line "<CLOCK_MONOTONIC in ns> <id of the body>" for each message
)";

struct Options {
    ListenAddress address;
    SessionOptions session;
    bool with_trailers = true;
    std::optional<std::string> times;
};

Options read_options(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--no-trailers") {
            options.with_trailers = false;
        } else if (words[i] == "--no-chunking") {
            options.session.chunking = false;
        } else if (words[i] == "--no-pipelining") {
            options.session.pipelining = false;
        } else if (words[i] == "--times" && i + 1 < words.size()) {
            options.times = words[++i];
        } else if (auto address = parse_listen_address(words[i])) {
            options.address = *address;
        } else {
            throw std::invalid_argument("'" + words[i] + "' is not understood");
        }
    }
    if (options.address.host.empty()) {
        throw std::invalid_argument("no HOST:PORT");
    }
    return options;
}

/// Everything that one read brought is answered by one write.
asio::awaitable<void> serve(tcp::socket socket, Tally& tally, SessionOptions options) {
    boost::system::error_code error;
    socket.set_option(tcp::no_delay(true), error);
    Session session(tally, options);
    std::string output(Session::greeting);
    std::vector<char> input(std::size_t{64} * 1024);
    std::size_t filled = 0;
    while (true) {
        if (!output.empty()) {
            co_await asio::async_write(
                socket, asio::buffer(output), asio::redirect_error(asio::use_awaitable, error)
            );
            output.clear();
        }
        if (error || session.finished()) {
            co_return;
        }
        if (filled == input.size()) {
            input.resize(2 * input.size());
        }
        filled += co_await socket.async_read_some(
            asio::buffer(input.data() + filled, input.size() - filled),
            asio::redirect_error(asio::use_awaitable, error)
        );
        const std::size_t taken = session.take({input.data(), filled}, output);
        filled -= taken;
        if (taken != 0 && filled != 0) {
            std::memmove(input.data(), input.data() + taken, filled);
        }
    }
}

asio::awaitable<void> accept_all(
    net::Listener& listener, net::TaskGroup& connections, Tally& tally, SessionOptions options
) {
    while (true) {
        tcp::socket socket = co_await listener.accept();
        tally.add_connection();
        connections.start("connection", serve(std::move(socket), tally, options));
    }
}

asio::awaitable<int> run(asio::any_io_executor executor, Options options) {
    net::StopSignals signals(executor);
    Tally tally(options.with_trailers);
    if (options.times) {
        tally.note_times(*options.times);
    }
    net::Listener listener(executor, options.address);
    std::cout << "listening on port " << listener.port() << std::endl;
    net::TaskGroup connections(executor);
    connections.start("accept", accept_all(listener, connections, tally, options.session));
    (void)co_await signals.wait();
    co_await connections.stop();
    std::cout << tally.report() << std::endl;
    co_return EXIT_SUCCESS;
}

}  // namespace
}  // namespace chatear::bench

int main(int count, char** words) {
    chatear::log::configure(chatear::log::Level::error, chatear::log::Format::text, "bench-sink");
    try {
        auto options = chatear::bench::read_options({words + 1, words + count});
        boost::asio::io_context context(1);
        return chatear::net::run_main_task(
            context, chatear::bench::run(context.get_executor(), std::move(options))
        );
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n' << chatear::bench::usage;
        return EXIT_FAILURE;
    }
}
