#include "postgres/transaction.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "postgres/pool_state.hpp"

#include <utility>

namespace chatear::postgres {

Transaction::Lease::Lease(std::shared_ptr<Pool::State> of, std::shared_ptr<Pool::Member> leased)
    : state(std::move(of)), member(std::move(leased)) {
    member->leased = true;
}

// Whoever uses the connection next stands behind the ROLLBACK in the pipeline.
Transaction::Lease::~Lease() {
    if (!finished) {
        member->connection.send_and_forget("ROLLBACK");
    }
    member->leased = false;
    state->changed.notify_all();
}

Transaction::Transaction(std::unique_ptr<Lease> lease) : lease_(std::move(lease)) {}
Transaction::~Transaction() = default;
Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&&) noexcept = default;

asio::awaitable<QueryResult> Transaction::query(Statement statement, Params params) {
    CHATEAR_ASSERT(lease_);
    co_return co_await lease_->member->connection.query(statement, params);
}

asio::awaitable<QueryResult> Transaction::commit() {
    CHATEAR_ASSERT(lease_);
    const std::unique_ptr<Lease> lease = std::move(lease_);
    const Params none;
    QueryResult result = co_await lease->member->connection.query("COMMIT", none);
    // A COMMIT that fails has rolled back; after an earlier error it says "ROLLBACK" itself.
    lease->finished = true;
    if (result && result->command() != "COMMIT") {
        co_return SqlError{
            "25P02", "rolled back because of an earlier error in the transaction", "", ""};
    }
    co_return result;
}

asio::awaitable<QueryResult> Transaction::commit_with(Statement statement, Params params) {
    CHATEAR_ASSERT(lease_);
    const std::unique_ptr<Lease> lease = std::move(lease_);
    QueryResult result = co_await lease->member->connection.query_and_commit(statement, params);
    lease->finished = result.has_value();
    co_return result;
}

asio::awaitable<void> Transaction::rollback() {
    CHATEAR_ASSERT(lease_);
    const std::unique_ptr<Lease> lease = std::move(lease_);
    const Params none;
    const QueryResult result = co_await lease->member->connection.query("ROLLBACK", none);
    lease->finished = result.has_value();
}

}  // namespace chatear::postgres
