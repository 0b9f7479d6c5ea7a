// The stores in memory that unit tests lean on do what those over PostgreSQL do.
#include "support/conformance/outbox_contract.hpp"
#include "support/conformance/suspects_contract.hpp"
#include "support/coroutine.hpp"
#include "support/memory_outbox.hpp"
#include "support/memory_suspects.hpp"

#include <boost/asio/io_context.hpp>

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

std::unique_ptr<OutboxWorld> make_outbox() {
    return std::make_unique<MemoryOutboxWorld>();
}

std::unique_ptr<SuspectsWorld> make_suspects() {
    return std::make_unique<MemorySuspectsWorld>();
}

INSTANTIATE_TEST_SUITE_P(InMemory, OutboxContract, testing::Values(&make_outbox));
INSTANTIATE_TEST_SUITE_P(InMemory, SuspectsContract, testing::Values(&make_suspects));

}  // namespace
}  // namespace chatear::conformance
