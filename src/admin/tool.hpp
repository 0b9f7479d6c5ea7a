#pragma once

#include "admin/console.hpp"
#include "admin/exit_code.hpp"
#include "admin/folders.hpp"
#include "base/environment.hpp"
#include "base/settings.hpp"
#include "nats/jetstream.hpp"
#include "postgres/pool.hpp"
#include "redis/client.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace chatear::admin {

namespace asio = boost::asio;

/// What every command works with. Servers are connected to when a command first asks for them.
class Tool {
public:
    Tool(
        const asio::any_io_executor& executor,
        Environment environment,
        Folders folders,
        Console& console
    );
    ~Tool();

    Console& console() { return console_; }
    const Environment& environment() const { return environment_; }
    const Folders& folders() const { return folders_; }
    asio::any_io_executor executor() const { return executor_; }

    /// What `read` makes of the environment; mistakes end the command (exit code 2).
    template <typename Options>
    Options settings(Options (*read)(SettingsReader&)) const {
        SettingsReader reader(environment_);
        Options options = read(reader);
        require_no_errors(reader);
        return options;
    }

    /// A few connections to DATABASE_URL, owned by the tool. Throws Unavailable.
    asio::awaitable<postgres::Pool*> database();

    /// Before database() is called first: POSTGRES_STATEMENT_TIMEOUT, which is for events, does not
    /// hold for a command that reads whole tables.
    void allow_long_statements() { long_statements_ = true; }

    /// A connection to NATS_URL, owned by the tool. Throws Unavailable.
    asio::awaitable<nats::JetStream*> jetstream();

    /// A connection to REDIS_URL, owned by the tool. Throws Unavailable.
    asio::awaitable<redis::Client*> redis();

    /// Closes what was opened.
    asio::awaitable<void> stop();

private:
    static void require_no_errors(const SettingsReader& reader);

    asio::any_io_executor executor_;
    Environment environment_;
    Folders folders_;
    Console& console_;
    bool long_statements_ = false;
    std::unique_ptr<postgres::Pool> pool_;
    std::unique_ptr<nats::Connection> nats_;
    std::unique_ptr<nats::JetStream> jetstream_;
    std::unique_ptr<redis::Client> redis_;
};

/// The rows, or the end of the command with what PostgreSQL has against the statement.
postgres::Rows rows_or_end(postgres::QueryResult result);

/// The value, or the end of the command.
template <typename T>
T value_or_end(Result<T> result, ExitCode code = ExitCode::failed) {
    if (!result) {
        throw CommandFailed(code, result.error().message);
    }
    return std::move(*result);
}

/// The value, or the end of the command with what JetStream said of `what`.
template <typename T>
T value_or_end(nats::ApiResult<T> result, std::string_view what) {
    if (!result) {
        throw CommandFailed(ExitCode::failed, std::string(what) + ": " + result.error().text());
    }
    return std::move(*result);
}

}  // namespace chatear::admin
