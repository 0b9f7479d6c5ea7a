#include "admin/tool.hpp"

#include "base/error.hpp"
#include "nats/credentials.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "postgres/options.hpp"
#include "redis/options.hpp"

#include <chrono>
#include <utility>

namespace chatear::admin {
namespace {

constexpr std::chrono::milliseconds patience{5'000};
constexpr std::chrono::milliseconds look_again{10};

// As good as none; a person waits for it, and can interrupt.
constexpr std::chrono::hours longest_statement{24};

}  // namespace

Tool::Tool(
    const asio::any_io_executor& executor,
    Environment environment,
    Folders folders,
    Console& console
)
    : executor_(executor),
      environment_(std::move(environment)),
      folders_(std::move(folders)),
      console_(console) {}

Tool::~Tool() = default;

void Tool::require_no_errors(const SettingsReader& reader) {
    std::string text;
    for (const Error& error : reader.errors()) {
        text += text.empty() ? "" : "\n";
        text += error.message;
    }
    if (!text.empty()) {
        throw CommandFailed(ExitCode::usage, text);
    }
}

asio::awaitable<postgres::Pool*> Tool::database() {
    if (!pool_) {
        postgres::ConnectionOptions options = settings(postgres::read_settings);
        options.application_name = "chatear";
        options.connections = 2;
        options.plans_stay = false;
        if (long_statements_) {
            options.statement_timeout = longest_statement;
        }
        pool_ = std::make_unique<postgres::Pool>(executor_, std::move(options));
        pool_->start();
    }
    const bool available = co_await pool_->wait_until_available(patience);
    if (!available) {
        throw Unavailable("postgres", pool_->where(), pool_->last_error());
    }
    co_return pool_.get();
}

asio::awaitable<nats::JetStream*> Tool::jetstream() {
    if (!nats_) {
        nats::ConnectionOptions options = settings(nats::read_settings);
        options.name = "chatear";
        nats_ = std::make_unique<nats::Connection>(executor_, std::move(options));
        jetstream_ = std::make_unique<nats::JetStream>(*nats_);
        nats_->start();
    }
    const bool connected = co_await nats_->wait_connected_for(patience);
    if (!connected) {
        throw Unavailable("nats", nats_->peer(), nats_->last_error());
    }
    co_return jetstream_.get();
}

asio::awaitable<redis::Client*> Tool::redis() {
    const redis::Options options = settings(redis::read_settings);
    if (!redis_) {
        redis_ = std::make_unique<redis::Client>(executor_, options);
        redis_->start();
    }
    const auto until = net::now() + patience;
    while (!redis_->available()) {
        if (net::now() > until) {
            const std::string where =
                options.address.host + ":" + std::to_string(options.address.port);
            throw Unavailable("redis", where, redis_->last_error());
        }
        co_await net::sleep_for(look_again);
    }
    co_return redis_.get();
}

asio::awaitable<void> Tool::stop() {
    if (nats_) {
        co_await nats_->stop();
    }
    if (redis_) {
        co_await redis_->stop();
    }
    if (pool_) {
        co_await pool_->stop();
    }
}

postgres::Rows rows_or_end(postgres::QueryResult result) {
    if (!result) {
        throw CommandFailed(ExitCode::failed, postgres::describe(result.error()));
    }
    return std::move(*result);
}

}  // namespace chatear::admin
