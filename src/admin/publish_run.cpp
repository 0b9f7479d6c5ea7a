#include "admin/publish_run.hpp"

#include "admin/crew.hpp"
#include "net/signals.hpp"
#include "net/timer.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace chatear::admin {
namespace {

constexpr std::chrono::milliseconds flush_limit{10'000};
constexpr std::uint64_t plain_batch = 1000;  // Plain publishes between two flushes.
constexpr std::chrono::milliseconds look_again{10};

}  // namespace

PublishRun::PublishRun(Tool& tool, PublishOptions options, std::unique_ptr<MessageSource> source)
    : tool_(tool),
      options_(std::move(options)),
      source_(std::move(source)),
      book_(options_.skip),
      progress_(tool.console(), "published", source_->total()),
      source_changed_(tool.executor()) {}

asio::awaitable<void> PublishRun::run() {
    jetstream_ = co_await tool_.jetstream();
    net::TaskGroup signals(tool_.executor());
    signals.start("signals", watch_signals());
    std::exception_ptr error;
    {
        Crew crew(tool_.executor());
        const Crew::Step work = [this] { return step(); };
        const std::size_t members = options_.core ? 1 : options_.window;
        try {
            co_await crew.run(members, work);
        } catch (...) {
            error = std::current_exception();
        }
    }
    co_await signals.stop();
    if (error) {
        std::rethrow_exception(error);
    }
    if (options_.core) {
        co_await jetstream_->connection().flush(flush_limit);
    }
}

asio::awaitable<void> PublishRun::watch_signals() {
    net::StopSignals signals(tool_.executor());
    (void)co_await signals.wait();
    interrupted_ = true;
}

std::optional<PublishRun::Numbered> PublishRun::take() {
    if (interrupted_) {
        return std::nullopt;
    }
    Result<std::optional<std::string>> payload = source_->next();
    if (!payload) {
        throw CommandFailed(ExitCode::usage, payload.error().message);
    }
    if (!*payload) {
        return std::nullopt;
    }
    ++taken_;
    Numbered next;
    next.number = taken_;
    next.message.subject = options_.subject;
    next.message.payload = std::move(**payload);
    next.message.headers = options_.headers;
    next.message.headers.emplace_back("Nats-Msg-Id", fmt::format("{}-{}", options_.run, taken_));
    return next;
}

/// Whoever writes to our standard input may be slow: acknowledgements, pings and Ctrl-C go on
/// meanwhile. One of the crew looks, the others wait for it.
asio::awaitable<void> PublishRun::source_ready() {
    while (!interrupted_ && !source_->ready()) {
        if (watched_) {
            co_await source_changed_.wait();
            continue;
        }
        watched_ = true;
        while (!interrupted_ && !source_->ready()) {
            co_await net::sleep_for(look_again);
        }
        watched_ = false;
        source_changed_.notify_all();
    }
}

asio::awaitable<bool> PublishRun::step() {
    std::optional<Numbered> next;
    do {
        co_await source_ready();
        next = take();
    } while (next && next->number <= options_.skip);
    if (!next) {
        co_return false;
    }
    const std::uint64_t number = next->number;
    if (options_.core) {
        co_await publish_plainly(std::move(*next));
    } else {
        const nats::PublishResult done = co_await jetstream_->publish(std::move(next->message));
        if (!done) {
            const bool refused = done.error().kind == nats::PublishError::Kind::refused;
            const ExitCode code = refused ? ExitCode::failed : ExitCode::unavailable;
            throw CommandFailed(code, fmt::format("message {}: {}", number, done.error().reason));
        }
        duplicates_ += done->duplicate ? 1U : 0U;
        sequence_ = done->seq;
        stream_ = done->stream;
    }
    book_.acknowledged(number);
    progress_.advance();
    co_return true;
}

asio::awaitable<void> PublishRun::publish_plainly(Numbered next) {
    nats::Connection& connection = jetstream_->connection();
    if (const auto why = nats::refusal(next.message, connection.max_payload())) {
        throw CommandFailed(ExitCode::failed, fmt::format("message {}: {}", next.number, *why));
    }
    connection.publish(next.message);
    if (next.number % plain_batch == 0) {
        co_await connection.flush(flush_limit);
    }
}

}  // namespace chatear::admin
