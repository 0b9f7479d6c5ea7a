#pragma once

#include "base/error.hpp"
#include "net/timer.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace chatear::deletion {

namespace asio = boost::asio;

/// Thrown inside in_transaction(): all of it has to be done again, on what the tables say now.
struct RepeatTransaction {
    bool waited_for_a_lock = false;  ///< In vain: another transaction has it (55P03).
};

/// Thrown by in_transaction(): it was repeated so often, and would have to be once more.
class RepeatedInVain final : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// An SQL expression: from here on the transaction waits no longer than a second for a lock, so
/// that what one row's lock keeps is that row's alone. Less where the time limit of a statement is
/// short: its end must be told from that of a lock.
inline constexpr std::string_view brief_lock_waits = R"((
    SELECT set_config('lock_timeout', CASE WHEN t.ms BETWEEN 1 AND 2000 THEN (t.ms / 2)::text ELSE '1000' END, true)
    FROM (SELECT (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::bigint AS ms) t))";

/// A transaction of a store: what went wrong is an exception, as in runtime::run_store_statement.
/// Dropped without commit it is rolled back.
class StoreTransaction {
public:
    static asio::awaitable<StoreTransaction> begin(postgres::Pool& pool);

    asio::awaitable<postgres::Rows> run(const std::string& statement, postgres::Params params);

    /// The same for a statement that the product's own constraints and triggers may refuse: their
    /// error is a value. Only a rollback is possible then.
    asio::awaitable<postgres::QueryResult> try_run(
        const std::string& statement, postgres::Params params
    );

    /// As try_run(), where the statement is about one row and runs the product's triggers: a lock
    /// that was not got in time (55P03), a time limit (57014), and what a trigger raises are values
    /// too. Deadlocks are repeated, outages thrown.
    asio::awaitable<postgres::QueryResult> try_on_row(
        const std::string& statement, postgres::Params params
    );

    /// From here on it waits no longer than brief_lock_waits says, until wait_as_usual().
    asio::awaitable<void> wait_briefly();
    /// Before the audit log's lock, which is everybody's: whoever waits for it is not in the way
    /// of itself.
    asio::awaitable<void> wait_as_usual();

    asio::awaitable<void> commit();

    /// The last statement and the commit in one go: for the audit log, whose lock every insert
    /// holds until the commit.
    asio::awaitable<void> commit_with(const std::string& statement, postgres::Params params);

    /// Rolls back what was not committed, and waits for it: its locks are gone then.
    asio::awaitable<void> end();

private:
    StoreTransaction(std::string where, postgres::Transaction transaction);
    postgres::Rows rows_or_throw(postgres::QueryResult result) const;

    std::string where_;
    postgres::Transaction transaction_;
    std::string usual_lock_timeout_;
    bool ended_ = false;
};

inline constexpr int most_repeats = 10;

/// Runs `work`, which commits, or leaves without committing where nothing is to be kept; again
/// when it threw RepeatTransaction, or PostgreSQL asks for that (deadlock), at most so often. It
/// has let go of its locks when it returns, so that its caller never meets them on another
/// connection. Give it a named function.
template <typename T>
asio::awaitable<T> in_transaction(
    postgres::Pool& pool, const std::function<asio::awaitable<T>(StoreTransaction&)>& work
) {
    for (int attempt = 1; attempt <= most_repeats; ++attempt) {
        std::optional<StoreTransaction> transaction;
        std::optional<T> result;
        try {
            transaction = co_await StoreTransaction::begin(pool);
            result = co_await work(*transaction);
        } catch (const RepeatTransaction&) {
            // What it did is rolled back; another look at the tables.
        }
        if (transaction) {
            co_await transaction->end();
        }
        if (result) {
            co_return *std::move(result);
        }
        const net::milliseconds pause(5 * attempt);
        co_await net::sleep_for(pause);
    }
    throw RepeatedInVain("postgres", pool.where(), "others keep changing a transaction's rows");
}

}  // namespace chatear::deletion
