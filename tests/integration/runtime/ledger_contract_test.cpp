// The ledger in PostgreSQL does what every Ledger does.
#include "support/conformance/ledger_contract.hpp"

#include "store_fixture.hpp"

#include <map>
#include <sstream>

namespace chatear::conformance {
namespace {

class PostgresLedgerWorld final : public LedgerWorld, runtime::StoreDatabase {
public:
    explicit PostgresLedgerWorld(bool keeps_content_at) {
        table_.keeps_content_at = keeps_content_at;
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        StoreDatabase::run(body);
    }
    runtime::Ledger& ledger(const std::string& name) override { return stores(name).ledger; }
    runtime::Registry& registry(const std::string& name) override { return stores(name).registry; }

    std::vector<std::string> outbox() override {
        std::istringstream lines(
            sql("SELECT kind || ' ' || event_id || '/' || generation FROM outbox ORDER BY 1")
        );
        std::vector<std::string> rows;
        for (std::string line; std::getline(lines, line);) {
            rows.push_back(line);
        }
        return rows;
    }
    void last_renewed(const std::string& name, std::chrono::seconds ago) override {
        StoreDatabase::last_renewed(name, std::to_string(ago.count()) + " seconds");
    }
    void renewing_for(const std::string& name, std::chrono::seconds since) override {
        StoreDatabase::renewing_for(name, std::to_string(since.count()) + " seconds");
    }

private:
    runtime::Stores& stores(const std::string& name) {
        const auto [entry, is_new] = processes_.try_emplace(name, nullptr);
        if (is_new) {
            entry->second = &process(name, table_);
        }
        return *entry->second;
    }

    runtime::LedgerTable table_;
    std::map<std::string, runtime::Stores*> processes_;
};

std::unique_ptr<LedgerWorld> make_world(bool keeps_content_at) {
    return std::make_unique<PostgresLedgerWorld>(keeps_content_at);
}

INSTANTIATE_TEST_SUITE_P(OverPostgres, LedgerContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
