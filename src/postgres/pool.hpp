#pragma once

#include "net/notification.hpp"
#include "net/task_group.hpp"
#include "postgres/options.hpp"
#include "postgres/params.hpp"
#include "postgres/rows.hpp"
#include "postgres/statement.hpp"
#include "postgres/transaction.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <string>

namespace chatear::postgres {

/// A statement that runs first on each new connection, before anybody else gets it.
struct FirstStatement {
    Statement statement;
    std::function<Params()> params;                     ///< Asked for each connection.
    std::function<void(const QueryResult&)> on_result;  ///< May be empty.
};

/// A few connections that are kept up for ever: each reconnects by itself with backoff. One log
/// line when the last one is lost, one when the first is back.
class Pool {
public:
    Pool(const asio::any_io_executor& executor, ConnectionOptions options);
    ~Pool();

    /// Before start(). An error value from it closes the connection, which is then tried again.
    void run_first(FirstStatement first);

    /// Begins to connect; does not wait.
    void start();

    /// Closes everything; who still awaits a query gets Unavailable.
    asio::awaitable<void> stop();

    /// Runs one statement on the least busy connection, as a transaction of its own. It is
    /// repeated (5 times in all) when the SQLSTATE asks for that (deadlock, serialization). While
    /// no connection is up the caller waits, at most wait_timeout, or not at all when connecting
    /// has just failed: then Unavailable. Unavailable after sending means that the outcome is
    /// unknown, so statements must be repeatable by key.
    asio::awaitable<QueryResult> query(Statement statement, Params params);

    /// Takes a connection for a transaction; waits as query() does, in the order of the calls. Of
    /// several connections one always remains for query().
    asio::awaitable<Transaction> begin();

    /// Returns when a connection is up; false when `timeout` passed first.
    asio::awaitable<bool> wait_until_available(std::chrono::milliseconds timeout);

    bool available() const;          ///< At least one connection is up.
    std::string last_error() const;  ///< Why the last connection failed; empty when none did.
    const std::string& where() const;

private:
    friend class Transaction;
    struct State;
    struct Member;
    struct Turn;
    static asio::awaitable<void> keep_connected(
        std::shared_ptr<State> state, net::TaskGroup& tasks
    );
    static asio::awaitable<void> connect(
        std::shared_ptr<State> state, std::shared_ptr<Member> member
    );

    std::shared_ptr<State> state_;
    net::TaskGroup tasks_;
};

}  // namespace chatear::postgres
