// How a connection is made, lives and ends; what its users call is in connection.cpp.
#include "base/error.hpp"
#include "base/log.hpp"
#include "nats/connection.hpp"
#include "net/backoff.hpp"
#include "net/deadline.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::nats {
namespace {

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::chrono::milliseconds lame_duck_flush{2'000};
constexpr int max_silent_pings = 2;
/// While something comes: a PONG may stand behind many messages on a slow line, but a server that
/// sends and has stopped reading would take no acknowledgement of ours, unnoticed.
constexpr int max_unanswered_pings = 12;

Unavailable unavailable(const ServerUrl& server, std::string why) {
    return {"nats", server.address(), std::move(why)};
}

bool about_who_we_are(const std::string& error) {
    return error.find("Authorization") != std::string::npos ||
           error.find("Authentication") != std::string::npos;
}

}  // namespace

asio::awaitable<void> Connection::run() {
    net::Backoff backoff(options_.reconnect_first, options_.reconnect_most);
    net::Backoff refused_backoff(options_.authentication_retry, options_.authentication_retry);
    std::size_t refusals = 0;  // In this round of the servers.
    while (true) {
        const bool lived = co_await live_once();
        if (lived) {
            backoff.reset();
            pool_.reset_round();
        }
        refusals += refused_ ? 1 : 0;
        if (!pool_.round_finished() || moving_) {
            continue;
        }
        const bool all_refused = refusals >= pool_.size();
        const auto pause = all_refused ? refused_backoff.next() : backoff.next();
        co_await net::sleep_for(pause);
        pool_.reset_round();
        refusals = 0;
    }
}

/// One connection from its beginning to its end. True when it was of use: it lived for a while, so
/// that the next may be tried at once.
asio::awaitable<bool> Connection::live_once() {
    why_lost_.clear();
    refused_ = false;
    moving_ = false;
    server_ = pool_.next();
    try {
        co_await connect(server_);
    } catch (const Unavailable& error) {
        why_lost_ = why_lost_.empty() ? error.why() : why_lost_;
    }
    if (!why_lost_.empty()) {
        lost();
        co_return false;
    }
    const auto since = net::now();
    gained();
    co_await read_until_lost();
    lost();
    co_return net::now() - since >= options_.ping_interval;
}

asio::awaitable<void> Connection::connect(ServerUrl server) {
    const auto stream = std::make_shared<net::Stream>(executor_, "nats");
    stream_ = stream;
    parser_ = Parser();
    const net::Deadline deadline(executor_, options_.connect_timeout, [this, stream] {
        if (stream_ == stream) {
            end_stream("it did not finish the handshake in time");
        }
    });
    co_await stream->connect(resolver_, server.host, server.port, options_.connect_timeout);
    ServerOperation first = co_await read_operation(stream);
    if (!std::holds_alternative<ServerInfo>(first)) {
        throw unavailable(server, "it does not greet as a NATS server does");
    }
    info_ = std::get<ServerInfo>(std::move(first));
    co_await secure(stream, server);
    std::vector<std::string> told_before_tls;
    if (stream->encrypted()) {
        told_before_tls.swap(info_.connect_urls);
    }
    co_await log_in(stream, server);
    if (info_.connect_urls.empty()) {
        pool_.learn(told_before_tls, server, Told::before_tls);
    } else {
        pool_.learn(info_.connect_urls, server, Told::safely);
    }
}

asio::awaitable<void> Connection::secure(std::shared_ptr<net::Stream> stream, ServerUrl server) {
    if (!server.tls && !options_.require_tls && !info_.tls_required) {
        co_return;
    }
    if (!info_.tls_required && !info_.tls_available) {
        throw unavailable(
            server, "it offers no TLS, which tls:// or a NATS_..._FILE setting asks for"
        );
    }
    if (parser_.unparsed_bytes() > 0) {
        throw unavailable(server, "it sent something between its INFO and TLS");
    }
    Result<net::TlsContext> context = net::make_tls_context(options_.tls);
    if (!context) {
        throw unavailable(server, context.error().message);
    }
    const std::string name = server.tls_name.empty() ? server.host : server.tls_name;
    co_await stream->start_tls(*context, name, options_.connect_timeout);
}

asio::awaitable<void> Connection::log_in(std::shared_ptr<net::Stream> stream, ServerUrl server) {
    if (!info_.headers) {
        throw unavailable(server, "it knows no headers: a NATS server older than 2.2");
    }
    const Result<std::string> json =
        connect_options_json(options_, server, info_.nonce, stream->encrypted());
    if (!json) {
        throw unavailable(server, json.error().message);
    }
    std::string hello;
    append_connect(hello, *json);
    hello += ping_line;
    co_await stream->write(hello, options_.connect_timeout);
    while (true) {
        ServerOperation operation = co_await read_operation(stream);
        if (std::holds_alternative<Pong>(operation)) {
            co_return;
        }
        if (const auto* error = std::get_if<ServerError>(&operation)) {
            refused_ = about_who_we_are(error->text);
            throw unavailable(server, "it refused us: " + error->text);
        }
        if (auto* info = std::get_if<ServerInfo>(&operation)) {
            info_ = std::move(*info);
        } else if (std::holds_alternative<Delivered>(operation)) {
            throw unavailable(server, "it sent a message before anything was subscribed");
        }
    }
}

asio::awaitable<ServerOperation> Connection::read_operation(std::shared_ptr<net::Stream> stream) {
    std::array<char, 4096> chunk{};
    while (true) {
        Result<std::optional<ServerOperation>> operation = parser_.next();
        if (!operation) {
            throw unavailable(server_, "it does not speak NATS: " + operation.error().message);
        }
        if (*operation) {
            co_return std::move(**operation);
        }
        const asio::mutable_buffer buffer(chunk.data(), chunk.size());
        const std::size_t count = co_await stream->read_some(buffer, options_.connect_timeout);
        parser_.feed(std::string_view(chunk.data(), count));
    }
}

asio::awaitable<void> Connection::read_until_lost() {
    const std::shared_ptr<net::Stream> stream = stream_;
    std::vector<char> chunk(read_bytes);
    const asio::mutable_buffer buffer(chunk.data(), chunk.size());
    try {
        while (take_all()) {
            const std::size_t count = co_await stream->read_some(buffer, net::Stream::no_limit);
            silent_pings_ = 0;
            parser_.feed(std::string_view(chunk.data(), count));
        }
    } catch (const Unavailable& error) {
        end_stream(error.why());
    }
}

/// Runs as long as the connection object: a write that a lost connection leaves behind ends with
/// it.
asio::awaitable<void> Connection::write_output() {
    std::string bytes;
    while (true) {
        while (!connected_ || output_.empty()) {
            co_await output_changed_.wait();
        }
        const std::shared_ptr<net::Stream> stream = stream_;
        bytes.clear();
        bytes.swap(output_);
        writing_bytes_ = bytes.size();
        try {
            // No time limit of its own: watch_liveness() closes a connection that stalls.
            co_await stream->write(bytes, net::Stream::no_limit);
        } catch (const Unavailable& error) {
            if (stream == stream_) {
                end_stream(error.why());
            }
        }
        writing_bytes_ = 0;
    }
}

asio::awaitable<void> Connection::watch_liveness() {
    while (true) {
        co_await net::sleep_for(options_.ping_interval);
        if (!connected_) {
            continue;
        }
        if (silent_pings_ >= max_silent_pings) {
            end_stream("it did not answer two PINGs");
            continue;
        }
        if (unanswered_pings_ >= max_unanswered_pings) {
            end_stream("it sends, but has long answered no PING");
            continue;
        }
        ++silent_pings_;
        ++unanswered_pings_;
        append_ping(nullptr);
    }
}

asio::awaitable<void> Connection::leave_lame_duck(std::uint64_t epoch) {
    try {
        co_await flush(lame_duck_flush);
    } catch (const Unavailable&) {
        // It went away by itself.
    }
    if (epoch == epoch_ && connected_) {
        moving_ = true;
        end_stream("it is going away (lame duck)");
    }
}

void Connection::end_stream(std::string why) {
    if (why_lost_.empty()) {
        why_lost_ = std::move(why);
    }
    stream_->close();
}

void Connection::gained() {
    connected_ = true;
    ++epoch_;
    silent_pings_ = 0;
    unanswered_pings_ = 0;
    last_error_.clear();
    logged_errors_.clear();
    output_ = subscriptions_->subscribe_lines();
    log::info(
        "NATS connected",
        {{"peer", peer()},
         {"version", info_.version},
         {"server", info_.server_name},
         {"tls", stream_->encrypted()}}
    );
    output_changed_.notify_all();
    tell_change();
}

void Connection::lost() {
    stream_->close();
    const bool was_connected = std::exchange(connected_, false);
    last_error_ = why_lost_;
    output_.clear();
    fail_waiting("connection lost: " + why_lost_);
    log_loss(was_connected);
    if (was_connected) {
        tell_change();
    }
}

/// Once for each server and reason until it is connected again.
void Connection::log_loss(bool was_connected) {
    const bool is_new = is_new_in_log(peer() + " " + why_lost_);
    if (refused_ && is_new) {
        log::error("NATS refuses our credentials", {{"peer", peer()}, {"reason", why_lost_}});
    } else if (was_connected || is_new) {
        log::warn(
            was_connected ? "NATS connection lost" : "NATS cannot be reached",
            {{"peer", peer()}, {"reason", why_lost_}}
        );
    }
}

}  // namespace chatear::nats
