// The table of suspects in PostgreSQL does what every Suspects does.
#include "support/conformance/suspects_contract.hpp"

#include "store_fixture.hpp"

#include <map>

namespace chatear::conformance {
namespace {

class PostgresSuspectsWorld final : public SuspectsWorld, runtime::StoreDatabase {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        StoreDatabase::run(body);
    }
    runtime::Suspects& suspects(const std::string& name) override {
        const auto [entry, is_new] = processes_.try_emplace(name, nullptr);
        if (is_new) {
            entry->second = &process(name);
        }
        return entry->second->suspects;
    }

private:
    std::map<std::string, runtime::Stores*> processes_;
};

std::unique_ptr<SuspectsWorld> make_world() {
    return std::make_unique<PostgresSuspectsWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverPostgres, SuspectsContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
