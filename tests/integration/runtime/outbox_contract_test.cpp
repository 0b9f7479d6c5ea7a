// The outbox over PostgreSQL does what every Outbox does.
#include "support/conformance/outbox_contract.hpp"

#include "store_fixture.hpp"

namespace chatear::conformance {
namespace {

class PostgresOutboxWorld final : public OutboxWorld, runtime::StoreDatabase {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        StoreDatabase::run(body);
    }
    runtime::Outbox& outbox() override { return process_.outbox; }

private:
    runtime::Stores& process_ = process("a");
};

std::unique_ptr<OutboxWorld> make_world() {
    return std::make_unique<PostgresOutboxWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverPostgres, OutboxContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
