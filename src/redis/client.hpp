#pragma once

#include "base/result.hpp"
#include "net/completion.hpp"
#include "net/resolver.hpp"
#include "net/task_group.hpp"
#include "redis/command.hpp"
#include "redis/options.hpp"
#include "redis/reply.hpp"
#include "redis/script.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <memory>
#include <string>
#include <vector>

namespace chatear::redis {

namespace asio = boost::asio;

class Connection;

/// What one run of a script works on.
struct ScriptCall {
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

/// One connection to one server, kept for ever: reconnects with backoff until stop(). Commands are
/// pipelined: all of one turn of the loop leave in one write. Available means that the server
/// has just taken a write of ours, so a replica or a full server counts as unavailable.
class Client {
public:
    Client(const asio::any_io_executor& executor, Options options);
    ~Client();

    void start();

    /// Closes the connection; commands without a reply throw Unavailable.
    asio::awaitable<void> stop();

    bool available() const;

    /// Why it is not available; empty when it is.
    const std::string& last_error() const;

    /// The reply, or what the server has against this command as an Error ("WRONGTYPE ...").
    /// Throws Unavailable when there is no connection, when it breaks, when no reply comes in time
    /// (the command may have been carried out: repeat only what is idempotent), and when the
    /// server refuses everybody or us.
    asio::awaitable<Result<Reply>> command(Command command);

    /// Runs the script by its SHA-1, or by its text where the server does not know it yet.
    asio::awaitable<Result<Reply>> eval(const Script& script, ScriptCall call);

    /// Runs it for all calls at once, in their order; a reply a call.
    asio::awaitable<std::vector<Result<Reply>>> eval_all(
        const Script& script, std::vector<ScriptCall> calls
    );

private:
    using Promise = std::shared_ptr<net::Completion<Reply>>;

    /// Queues it; throws Unavailable when there is no connection.
    Promise send(const Command& command);
    asio::awaitable<void> run();
    asio::awaitable<void> serve(std::shared_ptr<Connection> connection);
    asio::awaitable<void> introduce_ourselves(std::shared_ptr<Connection> connection);
    asio::awaitable<Result<Reply>> exchange(
        std::shared_ptr<Connection> connection, Command command
    );
    void became_available();
    void became_unavailable(std::string why, bool configuration);

    asio::any_io_executor executor_;
    Options options_;
    net::Resolver resolver_;
    std::shared_ptr<Connection> connection_;  // The one in use; null while there is none.
    std::string last_error_ = "not connected yet";
    enum class Logged { nothing, available, unavailable, configuration } logged_ = Logged::nothing;
    net::TaskGroup tasks_;
};

}  // namespace chatear::redis
