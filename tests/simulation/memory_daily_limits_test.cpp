// The counters that simulation and unit tests count in do what those in Redis do.
#include "support/memory_daily_limits.hpp"

#include "support/conformance/daily_limits_contract.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>

namespace chatear::conformance {
namespace {

class MemoryLimitsWorld final : public LimitsWorld {
public:
    void run(const std::function<asio::awaitable<void>()>& body) override {
        asio::io_context context;
        test::run_coroutine(context, body);
    }
    deletion::DailyLimits& limits() override { return limits_; }

    void lose_everything() override { limits_.lose_everything(); }
    void go_away() override { limits_.down = true; }
    void come_back() override {
        limits_.down = false;
        limits_.lose_everything();
    }
    void set(const std::string& key, int value) override { limits_.set(key, value); }
    void count_for_others(const std::string& key, int more) override {
        limits_.count_for_others(key, more);
    }
    int value(const std::string& key) override { return limits_.value(key); }

private:
    test::MemoryDailyLimits limits_;
};

std::unique_ptr<LimitsWorld> make_world() {
    return std::make_unique<MemoryLimitsWorld>();
}

INSTANTIATE_TEST_SUITE_P(InMemory, DailyLimitsContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
