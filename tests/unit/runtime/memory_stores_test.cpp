// The stores in memory that unit tests lean on do what those over PostgreSQL do.
#include "support/conformance/ledger_contract.hpp"
#include "support/conformance/outbox_contract.hpp"
#include "support/conformance/suspects_contract.hpp"
#include "support/coroutine.hpp"
#include "support/memory_ledger.hpp"
#include "support/memory_outbox.hpp"
#include "support/memory_suspects.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <map>

namespace chatear::conformance {
namespace {

class MemoryOutboxWorld final : public OutboxWorld {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    runtime::Outbox& outbox() override { return outbox_; }

private:
    asio::io_context context_;
    test::MemoryOutbox outbox_{context_.get_executor()};
};

class MemorySuspectsWorld final : public SuspectsWorld {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    runtime::Suspects& suspects(const std::string& process) override {
        return processes_.try_emplace(process, table_, process).first->second;
    }

private:
    asio::io_context context_;
    test::SuspectsTable table_;
    std::map<std::string, test::MemorySuspects> processes_;
};

class MemoryLedgerWorld final : public LedgerWorld {
public:
    explicit MemoryLedgerWorld(bool keeps_content_at)
        : tables_(table(keeps_content_at), ledger_retention) {}

    void run(const std::function<asio::awaitable<void>()>& body) override {
        test::run_coroutine(context_, body);
    }
    runtime::Ledger& ledger(const std::string& name) override { return process(name).ledger; }
    runtime::Registry& registry(const std::string& name) override { return process(name).registry; }

    std::vector<std::string> outbox() override {
        static constexpr const char* kinds[] = {"event", "dead_letter", "domain_event"};
        std::vector<std::string> rows;
        for (const auto& [id, row] : tables_.outbox.rows) {
            rows.push_back(
                std::string(kinds[static_cast<int>(row.row.kind.value())]) + " " +
                row.row.event_id + "/" + std::to_string(row.row.generation)
            );
        }
        std::sort(rows.begin(), rows.end());
        return rows;
    }
    void last_renewed(const std::string& name, std::chrono::seconds ago) override {
        tables_.workers.rows.at(name).renewed_at = clock_.now() - ago;
    }
    void renewing_for(const std::string& name, std::chrono::seconds since) override {
        tables_.workers.rows.at(name).renewed_at = clock_.now();
        tables_.workers.rows.at(name).renewed_since = clock_.now() - since;
    }

private:
    struct Process {
        test::MemoryLedger ledger;
        test::MemoryRegistry registry;
    };

    static runtime::LedgerTable table(bool keeps_content_at) {
        runtime::LedgerTable table;
        table.keeps_content_at = keeps_content_at;
        return table;
    }
    Process& process(const std::string& name) {
        const auto found = processes_.find(name);
        if (found != processes_.end()) {
            return found->second;
        }
        tables_.workers.renew(name, clock_.now());
        const Process made{{tables_, name, clock_}, {tables_, name, clock_}};
        return processes_.emplace(name, made).first->second;
    }

    asio::io_context context_;
    SystemClock clock_;
    test::DeliveryTables tables_;
    std::map<std::string, Process> processes_;
};

std::unique_ptr<LedgerWorld> make_ledger(bool keeps_content_at) {
    return std::make_unique<MemoryLedgerWorld>(keeps_content_at);
}

std::unique_ptr<OutboxWorld> make_outbox() {
    return std::make_unique<MemoryOutboxWorld>();
}

std::unique_ptr<SuspectsWorld> make_suspects() {
    return std::make_unique<MemorySuspectsWorld>();
}

INSTANTIATE_TEST_SUITE_P(InMemory, LedgerContract, testing::Values(&make_ledger));
INSTANTIATE_TEST_SUITE_P(InMemory, OutboxContract, testing::Values(&make_outbox));
INSTANTIATE_TEST_SUITE_P(InMemory, SuspectsContract, testing::Values(&make_suspects));

}  // namespace
}  // namespace chatear::conformance
