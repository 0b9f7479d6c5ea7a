#pragma once

#include "base/digest.hpp"
#include "postgres/pool.hpp"
#include "runtime/postgres_ledger.hpp"
#include "runtime/postgres_outbox.hpp"
#include "runtime/postgres_registry.hpp"
#include "runtime/postgres_suspects.hpp"
#include "support/claim_answer.hpp"
#include "support/coroutine.hpp"
#include "support/postgres_server.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace chatear::runtime {

inline constexpr std::chrono::hours retention(90 * 24);

/// A worker's process as its stores see it: a pool, an identity, and a store of each kind.
struct Stores {
    Stores(
        const asio::any_io_executor& executor,
        const postgres::ConnectionOptions& options,
        std::string name,
        LedgerTable table
    );

    Identity identity;
    postgres::Pool pool;
    PostgresRegistry registry;
    PostgresLedger ledger;
    PostgresOutbox outbox;
    PostgresSuspects suspects;
};

LedgerTable email_table();

/// A database with our tables, in which processes named a, b, ... work on events.
class StoreDatabase {
protected:
    StoreDatabase();
    ~StoreDatabase();
    StoreDatabase(const StoreDatabase&) = delete;
    StoreDatabase& operator=(const StoreDatabase&) = delete;

    /// A process, connected; its stores live as long as the test. Each connection renews its row
    /// when it is made, so more than one do so at times of their own.
    Stores& process(
        const std::string& name, const LedgerTable& table = {}, std::size_t connections = 1
    );

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test, std::chrono::seconds(100));
    }

    std::string sql(const std::string& text);

    /// Moves what the table says of a process back in time, as if it had not renewed since.
    void last_renewed(const std::string& name, const std::string& ago);
    /// As if it had renewed without a gap for so long.
    void renewing_for(const std::string& name, const std::string& since);

    asio::io_context context_;

private:
    std::string url_;
    std::vector<std::unique_ptr<Stores>> processes_;
};

class StoreTest : public testing::Test, protected StoreDatabase {};

/// A claim of `event_id` on `order.paid`, content "content", published now.
ClaimRequest claim_of(
    const std::string& event_id, std::uint32_t generation = 0, std::uint64_t claim_no = 1
);

VerdictRequest verdict_on(
    const std::string& event_id,
    LedgerStatus status,
    std::uint32_t generation = 0,
    std::uint64_t claim_no = 1
);

/// What a retry publishes: the event, one generation on.
OutboxRow returning(
    const std::string& event_id, std::uint32_t generation, OutboxKind kind = OutboxKind::event
);

// One request each.
asio::awaitable<ClaimReply> claim_one(Stores& stores, ClaimRequest request);
asio::awaitable<bool> record_one(Stores& stores, VerdictRequest request);

}  // namespace chatear::runtime
