#include "postgres/channel_listener.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/backoff.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"
#include "net/timer.hpp"
#include "postgres/connection.hpp"

#include <boost/asio/this_coro.hpp>

#include <set>
#include <utility>

namespace chatear::postgres {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds probe_every(30000
);  // A connection that only listens would not notice its end.

std::string listen_text(const std::string& channel) {
    std::string text = "LISTEN \"";
    for (const char c : channel) {
        text += c;
        if (c == '"') {
            text += c;
        }
    }
    return text + '"';
}

}  // namespace

struct ChannelListener::State {
    State(
        const asio::any_io_executor& executor,
        ConnectionOptions used,
        std::vector<std::string> names
    )
        : options(std::move(used)), channels(std::move(names)), changed(executor) {}

    void notified(std::string_view channel) {
        waiting.emplace(channel);
        changed.notify_all();
    }

    std::string take() {
        return waiting.empty() ? "" : std::move(waiting.extract(waiting.begin()).value());
    }

    const ConnectionOptions options;
    const std::vector<std::string> channels;
    std::set<std::string, std::less<>> waiting;
    net::Notification changed;
    bool listening = false;
};

ChannelListener::ChannelListener(
    const asio::any_io_executor& executor,
    ConnectionOptions options,
    std::vector<std::string> channels
)
    : state_(std::make_shared<State>(executor, std::move(options), std::move(channels))),
      tasks_(executor) {}

ChannelListener::~ChannelListener() = default;

void ChannelListener::start() {
    tasks_.start("postgres listener", keep_listening(state_, tasks_));
}

asio::awaitable<void> ChannelListener::stop() {
    co_await tasks_.stop();
}

// Throws Unavailable when the connection ends.
asio::awaitable<void> ChannelListener::listen(std::shared_ptr<State> state, net::TaskGroup& tasks) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    net::Resolver resolver(executor);
    Connection connection(tasks, state->options);
    const std::weak_ptr<State> weak = state;
    connection.on_notification([weak](std::string_view channel) {
        if (const auto alive = weak.lock()) {
            alive->notified(channel);
        }
    });
    co_await connection.connect(resolver);
    for (const std::string& channel : state->channels) {
        const QueryResult result = co_await connection.run_script(listen_text(channel));
        if (!result) {
            throw Unavailable("postgres", connection.where(), describe(result.error()));
        }
        state->notified(channel);  // What was said before we listened nobody heard.
    }
    state->listening = true;
    const Params none;
    bool closed = co_await connection.closed_within(probe_every);
    while (!closed) {
        (void)co_await connection.query("SELECT 1", none);
        closed = co_await connection.closed_within(probe_every);
    }
    throw Unavailable("postgres", connection.where(), connection.why_closed());
}

asio::awaitable<void> ChannelListener::keep_listening(
    std::shared_ptr<State> state, net::TaskGroup& tasks
) {
    net::Backoff backoff(milliseconds(100), milliseconds(10000));
    while (!tasks.stopping()) {
        try {
            co_await listen(state, tasks);
        } catch (const Unavailable& error) {
            log::debug(
                "listening to postgres ended", {{"peer", error.where()}, {"reason", error.why()}}
            );
        }
        if (std::exchange(state->listening, false)) {
            backoff.reset();
        }
        const milliseconds pause = backoff.next();
        co_await net::sleep_for(pause);
    }
}

asio::awaitable<std::string> ChannelListener::next() {
    const std::shared_ptr<State> state = state_;
    while (state->waiting.empty()) {
        co_await state->changed.wait();
    }
    co_return state->take();
}

asio::awaitable<std::string> ChannelListener::next_within(milliseconds timeout) {
    const std::shared_ptr<State> state = state_;
    const auto until = net::now() + timeout;
    while (state->waiting.empty() && net::now() < until) {
        const auto left = std::chrono::ceil<milliseconds>(until - net::now());
        co_await state->changed.wait_for(left);
    }
    co_return state->take();
}

}  // namespace chatear::postgres
