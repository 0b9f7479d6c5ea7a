#pragma once

#include "runtime/ledger.hpp"
#include "runtime/registry.hpp"
#include "support/ledger_rows.hpp"
#include "support/memory_suspects.hpp"
#include "support/outbox_table.hpp"
#include "support/workers_table.hpp"

#include <string>
#include <utility>
#include <vector>

namespace chatear::test {

namespace asio = boost::asio;

/// The tables of the delivery path.
struct DeliveryTables {
    DeliveryTables(runtime::LedgerTable table, std::chrono::milliseconds retention)
        : ledger(std::move(table), retention) {}

    LedgerRows ledger;
    OutboxTable outbox;
    WorkersTable workers;
    SuspectsTable suspects;
};

/// A process's way to the ledger. Passes the conformance suite, as the one over PostgreSQL does.
class MemoryLedger final : public runtime::Ledger {
public:
    MemoryLedger(DeliveryTables& tables, std::string instance, const Clock& clock)
        : tables_(tables), instance_(std::move(instance)), clock_(clock) {}

    asio::awaitable<std::vector<runtime::ClaimReply>> claim(
        std::vector<runtime::ClaimRequest> requests
    ) override {
        std::vector<runtime::ClaimReply> replies;
        for (const runtime::ClaimRequest& request : requests) {
            replies.push_back(
                tables_.ledger.claim(request, instance_, tables_.workers, clock_.now())
            );
        }
        co_return replies;
    }
    asio::awaitable<std::vector<bool>> record(std::vector<runtime::VerdictRequest> requests
    ) override {
        std::vector<bool> stand;
        for (const runtime::VerdictRequest& request : requests) {
            stand.push_back(tables_.ledger.record(request, instance_, tables_.outbox, clock_.now())
            );
        }
        co_return stand;
    }
    asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> requests
    ) override {
        std::vector<bool> ours;
        for (const ContentRequest& request : requests) {
            ours.push_back(tables_.ledger.begin_content(request, instance_, clock_.now()));
        }
        co_return ours;
    }
    asio::awaitable<void> speak_for(runtime::FlightLog dead) override {
        tables_.ledger.speak_for(dead, tables_.outbox, clock_.now());
        co_return;
    }
    asio::awaitable<std::size_t> remove_final_rows(std::chrono::milliseconds age, std::size_t most)
        override {
        co_return tables_.ledger.remove_final_rows(age, most, clock_.now());
    }

private:
    DeliveryTables& tables_;
    const std::string instance_;
    const Clock& clock_;
};

/// A process's way to the table `workers`.
class MemoryRegistry final : public runtime::Registry {
public:
    MemoryRegistry(DeliveryTables& tables, std::string instance, const Clock& clock)
        : tables_(tables), instance_(std::move(instance)), clock_(clock) {}

    asio::awaitable<void> renew() override {
        tables_.workers.renew(instance_, clock_.now());
        co_return;
    }
    asio::awaitable<void> release() override {
        tables_.workers.release(instance_, clock_.now());
        tables_.suspects.clear_all_of(instance_);
        co_return;
    }
    asio::awaitable<void> declare_dead(std::vector<std::string> instances) override {
        tables_.workers.declare_dead(instances);
        co_return;
    }
    asio::awaitable<void> remove_old() override { co_return; }

private:
    DeliveryTables& tables_;
    const std::string instance_;
    const Clock& clock_;
};

}  // namespace chatear::test
