#pragma once

#include "deletion/audit_verifier.hpp"
#include "deletion/postgres_deletion_store.hpp"
#include "postgres/pool.hpp"
#include "support/coroutine.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace chatear::deletion {

/// A worker's process as its store sees it.
struct Process {
    Process(const asio::any_io_executor& executor, const postgres::ConnectionOptions& options)
        : pool(executor, options), store(pool) {}

    postgres::Pool pool;
    PostgresDeletionStore store;
};

/// A database of its own, in which processes delete accounts.
class DeletionDatabase {
protected:
    DeletionDatabase();
    ~DeletionDatabase();
    DeletionDatabase(const DeletionDatabase&) = delete;
    DeletionDatabase& operator=(const DeletionDatabase&) = delete;

    /// What stands in the database before ours; then migrate() once, or the first process() does.
    void before_us(const std::string& text) { sql(text); }
    void migrate();
    /// Why the migrations stop; "" = they do not.
    std::string migration_refusal();

    /// A process, connected; it lives as long as the test.
    Process& process(std::size_t connections = 3);

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test, std::chrono::seconds(100));
    }

    std::string sql(const std::string& text);

    /// For a pool of the test's own.
    postgres::ConnectionOptions options(std::size_t connections) const;

    /// A user with this address; the id is drawn.
    std::string user(const std::string& email = "ann@example.test");

    /// A deletion of that user that is due: its mail was accepted so long ago, and stands as sent.
    std::string due_deletion(const std::string& user_id, const std::string& ago = "24 hours");

    /// While a transaction of the product's has what `statement` locks.
    void while_locked(const std::string& statement, const std::function<void()>& then);

    /// A trigger of the product's that raises this for ann's account.
    void raise(const std::string& sqlstate);

    /// One that keeps ann's account as it is, and raises nothing.
    void keep_as_it_is();

    std::string today() { return sql("SELECT (now() AT TIME ZONE 'utc')::date"); }

    /// "deletion.requested deletion.cancelled": what was audited, in the order of the chain.
    std::string audited();
    /// The same of the subjects that wait in the outbox.
    std::string told();

    AuditReport verified(std::optional<TrustedRow> trusted = std::nullopt);

    asio::io_context context_;
    std::string url_;

private:
    std::vector<std::unique_ptr<Process>> processes_;
    bool migrated_ = false;
};

class DeletionTest : public testing::Test, protected DeletionDatabase {};

Request deletion_of(const std::string& user_id, const std::string& event_id = "d1");
Request recovery_of(const std::string& user_id, const std::string& event_id = "r1");
Request recovery_by(const std::string& token_sha256, const std::string& event_id = "p1");

/// One request, entered.
asio::awaitable<RequestReply> enter_one(PostgresDeletionStore& store, Request request);

asio::awaitable<ExecutionAnswer> execute_one(
    PostgresDeletionStore& store, std::string deletion_id, std::string day, int limit = 10
);

}  // namespace chatear::deletion
