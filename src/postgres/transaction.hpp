#pragma once

#include "postgres/params.hpp"
#include "postgres/rows.hpp"
#include "postgres/statement.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace chatear::postgres {

namespace asio = boost::asio;
class Pool;
class Connection;

/// A transaction (READ COMMITTED) on a connection that nobody else uses meanwhile. Dropped without
/// commit it is rolled back; the destructor sends that and does not wait.
class Transaction {
public:
    ~Transaction();
    Transaction(Transaction&&) noexcept;
    Transaction& operator=(Transaction&&) noexcept;

    /// After an error value only a rollback is possible: drop the transaction. An error of class
    /// `repeat` means that the whole transaction may be tried again.
    asio::awaitable<QueryResult> query(Statement statement, Params params);

    /// An error value: it was rolled back. Unavailable: whether it was committed is UNKNOWN; what
    /// it did must be repeatable by key, or be looked up again.
    asio::awaitable<QueryResult> commit();

    /// The last statement and the commit, in one go (Connection::query_and_commit): its rows. As
    /// for commit(), Unavailable means that nobody knows.
    asio::awaitable<QueryResult> commit_with(Statement statement, Params params);

    /// Rolls back and waits for it.
    asio::awaitable<void> rollback();

private:
    friend class Pool;  // Its state, too: it makes the leases.
    struct Lease;
    explicit Transaction(std::unique_ptr<Lease> lease);
    std::unique_ptr<Lease> lease_;
};

}  // namespace chatear::postgres
