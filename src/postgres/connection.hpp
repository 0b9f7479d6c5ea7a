#pragma once

#include "net/resolver.hpp"
#include "net/task_group.hpp"
#include "postgres/options.hpp"
#include "postgres/params.hpp"
#include "postgres/rows.hpp"
#include "postgres/statement.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace chatear::postgres {

namespace asio = boost::asio;

/// One connection in pipeline mode (manual, 34.5). Any number of coroutines may await queries on
/// it at once: each query is a group of its own with its own sync, so each is its own transaction
/// (unless BEGIN opened one) and an error concerns its own query alone. Answers come in order.
///
/// A connection that breaks is not mended: every query under way and every later one throws
/// Unavailable. Whether a query that was under way has happened is then unknown.
class Connection {
public:
    /// `tasks` runs the connection's reading, writing and watching until it is closed.
    Connection(net::TaskGroup& tasks, ConnectionOptions options);
    ~Connection();  ///< Closes.
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Tries each address of each host in turn, and makes the session ours (UTC, time limits).
    /// Throws Unavailable naming each address and its reason. Call it once.
    asio::awaitable<void> connect(net::Resolver& resolver);

    /// Runs one statement. Unavailable also for an SQLSTATE of that class (StatementCancelled for
    /// 57014), and when no answer comes for statement_timeout and 2 s.
    /// The parameters are copied before the first wait.
    asio::awaitable<QueryResult> query(Statement statement, const Params& params);

    /// The last statement of a transaction and its COMMIT, sent without waiting in between, so that
    /// what the statement locks is held for no round trip. The statement's rows; an error value: it
    /// failed, or the COMMIT did, and the transaction is rolled back.
    asio::awaitable<QueryResult> query_and_commit(Statement statement, const Params& params);

    /// Runs a text of several statements without parameters (simple protocol, manual 55.2.2) and
    /// gives the last result, or the first error. Requires that nothing else is under way.
    asio::awaitable<QueryResult> run_script(std::string text);

    /// Sends a statement whose result nobody awaits. If it fails, the connection is closed: for
    /// ROLLBACK, after which the connection is clean or gone.
    void send_and_forget(Statement statement) noexcept;

    /// Called with each notification's channel. Set it before connect().
    void on_notification(std::function<void(std::string_view channel)> callback);

    /// Returns true once the connection is no more, false when `limit` passed first.
    asio::awaitable<bool> closed_within(std::chrono::milliseconds limit);

    /// At once, without waiting; what is under way throws Unavailable naming `why`.
    void close(const std::string& why) noexcept;

    bool open() const;                 ///< connect() has succeeded and nothing broke since.
    std::size_t under_way() const;     ///< Queries without an answer yet.
    const std::string& where() const;  ///< host:port of the server.
    const std::string& why_closed() const;

private:
    class Session;

    net::TaskGroup& tasks_;
    const ConnectionOptions options_;
    std::shared_ptr<Session> session_;
};

}  // namespace chatear::postgres
