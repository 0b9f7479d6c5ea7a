#include "redis/client.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/backoff.hpp"
#include "net/deadline.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "redis/connection.hpp"

#include <chrono>
#include <utility>

namespace chatear::redis {
namespace {

std::string peer_name(const Address& address) {
    const bool bare_ipv6 = address.host.find(':') != std::string::npos;
    const std::string host = bare_ipv6 ? "[" + address.host + "]" : address.host;
    return host + ":" + std::to_string(address.port);
}

// Asks for what a connection is for: that the server takes a write of ours. PING would be answered
// by a read-only replica, too, and by a server that is out of memory.
Command probe() {
    Command command("SET");
    command.add("chatear:probe").add("1").add("EX").add(60);
    return command;
}

Command eval_command(const std::string& name, const std::string& script, const ScriptCall& call) {
    Command command(name);
    command.add(script).add(static_cast<std::int64_t>(call.keys.size()));
    for (const std::string& key : call.keys) {
        command.add(key);
    }
    for (const std::string& argument : call.arguments) {
        command.add(argument);
    }
    return command;
}

Result<Reply> as_result(Reply reply) {
    if (const ErrorReply* error = reply.error()) {
        return Error{error->text};
    }
    return reply;
}

}  // namespace

Client::Client(const asio::any_io_executor& executor, Options options)
    : executor_(executor), options_(std::move(options)), resolver_(executor), tasks_(executor) {}

Client::~Client() = default;

void Client::start() {
    tasks_.start("redis", run());
}

asio::awaitable<void> Client::stop() {
    co_await tasks_.stop();
    last_error_ = "stopped";
    if (connection_) {
        connection_->fail(last_error_);
    }
}

bool Client::available() const {
    // The connection knows of its end first; run() hears of it a turn of the loop later.
    return connection_ && connection_->introduced() && !connection_->failed();
}

const std::string& Client::last_error() const {
    return connection_ && connection_->failed() ? connection_->why() : last_error_;
}

asio::awaitable<void> Client::run() {
    net::Backoff backoff(options_.first_backoff, options_.most_backoff);
    while (true) {
        const net::Moment begin = net::now();
        connection_ = std::make_shared<Connection>(
            executor_, peer_name(options_.address), options_.command_timeout
        );
        const std::shared_ptr<Connection> connection = connection_;
        co_await serve(connection);
        became_unavailable(
            connection->why(), connection->misconfigured() && !connection->introduced()
        );
        connection_.reset();
        // Not at once after connecting: a server may greet us and refuse the first command.
        if (net::now() - begin > options_.most_backoff) {
            backoff.reset();
        }
        const std::chrono::milliseconds delay = backoff.next();
        co_await net::sleep_for(delay);
    }
}

asio::awaitable<void> Client::serve(std::shared_ptr<Connection> connection) {
    const Address& address = options_.address;
    try {
        const net::Deadline deadline(executor_, options_.connect_timeout, [connection] {
            connection->fail("it did not let us in in time");
        });
        co_await connection->stream().connect(
            resolver_, address.host, address.port, options_.connect_timeout
        );
        if (address.tls) {
            co_await connection->stream().start_tls(
                options_.tls, address.host, options_.connect_timeout
            );
        }
        tasks_.start("redis write", Connection::write_all(connection));
        tasks_.start("redis read", Connection::read_all(connection));
        tasks_.start("redis watch", Connection::watch(connection));
        co_await introduce_ourselves(connection);
    } catch (const Unavailable& error) {
        connection->fail(error.why());
        co_return;
    }
    connection->set_introduced();
    became_available();
    co_await Connection::until_failed(connection);
}

asio::awaitable<void> Client::introduce_ourselves(std::shared_ptr<Connection> connection) {
    const Address& address = options_.address;
    std::vector<Command> commands;
    if (!address.password.empty()) {
        Command& auth = commands.emplace_back("AUTH");
        if (!address.user.empty()) {
            auth.add(address.user);
        }
        auth.add(address.password.reveal());
    }
    if (address.database != 0) {
        commands.emplace_back("SELECT").add(address.database);
    }
    commands.push_back(probe());
    for (const Command& command : commands) {
        const Connection::Promise promise = connection->send(command);
        const Reply reply = co_await promise->wait();
        if (const ErrorReply* error = reply.error()) {
            throw Unavailable("redis", peer_name(address), error->text);
        }
    }
}

Client::Promise Client::send(const Command& command) {
    if (!available()) {
        throw Unavailable("redis", peer_name(options_.address), last_error());
    }
    return connection_->send(command);
}

asio::awaitable<Result<Reply>> Client::command(Command command) {
    const Promise promise = send(command);
    Reply reply = co_await promise->wait();
    co_return as_result(std::move(reply));
}

asio::awaitable<Result<Reply>> Client::eval(const Script& script, ScriptCall call) {
    std::vector<ScriptCall> calls;
    calls.push_back(std::move(call));
    std::vector<Result<Reply>> replies = co_await eval_all(script, std::move(calls));
    co_return std::move(replies.front());
}

asio::awaitable<std::vector<Result<Reply>>> Client::eval_all(
    const Script& script, std::vector<ScriptCall> calls
) {
    std::vector<Promise> promises;
    for (const ScriptCall& call : calls) {
        promises.push_back(send(eval_command("EVALSHA", script.sha1(), call)));
    }
    std::vector<Result<Reply>> replies;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        const Promise promise = promises[at];
        Reply reply = co_await promise->wait();
        const ErrorReply* error = reply.error();
        if (error != nullptr && error->code() == "NOSCRIPT") {
            const Promise again = send(eval_command("EVAL", script.text(), calls[at]));
            reply = co_await again->wait();
        }
        replies.push_back(as_result(std::move(reply)));
    }
    co_return replies;
}

void Client::became_available() {
    last_error_.clear();
    logged_ = Logged::available;
    log::info("Redis is available", {{"peer", peer_name(options_.address)}});
}

void Client::became_unavailable(std::string why, bool configuration) {
    last_error_ = std::move(why);
    const Logged now = configuration ? Logged::configuration : Logged::unavailable;
    if (std::exchange(logged_, now) == now) {
        return;
    }
    const std::string peer = peer_name(options_.address);
    if (configuration) {
        log::error(
            "Redis refuses us: mend REDIS_URL or the account's rights",
            {{"peer", peer}, {"reason", last_error_}}
        );
    } else {
        log::warn("Redis is not available", {{"peer", peer}, {"reason", last_error_}});
    }
}

}  // namespace chatear::redis
