// The counters in a real redis-server do what all DailyLimits do.
#include "support/conformance/daily_limits_contract.hpp"

#include "deletion/redis_daily_limits.hpp"
#include "integration/redis/real_redis.hpp"

#include <string>
#include <utility>
#include <vector>

namespace chatear::conformance {
namespace {

class RedisLimitsWorld final : public LimitsWorld {
public:
    ~RedisLimitsWorld() override {
        test::run_coroutine(redis_.context, [&] { return redis_.client.stop(); });
    }

    void run(const std::function<asio::awaitable<void>()>& body) override {
        const auto connected = [&]() -> asio::awaitable<void> {
            co_await redis_.until(!away_);
            co_await body();
        };
        test::run_coroutine(redis_.context, connected);
    }
    deletion::DailyLimits& limits() override { return limits_; }

    void lose_everything() override { server_.cli({"FLUSHALL"}); }
    void go_away() override {
        server_.kill();
        away_ = true;
    }
    void come_back() override {
        server_.start();
        away_ = false;
    }
    void set(const std::string& key, int value) override {
        server_.cli({"SET", key, std::to_string(value)});
    }
    void count_for_others(const std::string& key, int more) override {
        server_.cli({"INCRBY", key, std::to_string(more)});
    }
    int value(const std::string& key) override { return std::stoi(server_.cli({"GET", key})); }

private:
    test::RedisServer server_;
    redis::RealRedis redis_{redis::options_for(server_)};
    deletion::RedisDailyLimits limits_{redis_.client};
    bool away_ = false;
};

std::unique_ptr<LimitsWorld> make_world() {
    return std::make_unique<RedisLimitsWorld>();
}

INSTANTIATE_TEST_SUITE_P(OverRedis, DailyLimitsContract, testing::Values(&make_world));

}  // namespace
}  // namespace chatear::conformance
