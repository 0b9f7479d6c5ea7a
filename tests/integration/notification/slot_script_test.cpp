// The script that gives slots, against a real redis-server.
#include "base/clock.hpp"
#include "notification/gcra.hpp"
#include "notification/redis_limits.hpp"
#include "real_limits.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace chatear::notification {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

Time time_of(const redis::Reply& reply) {
    return Time(microseconds(std::stoll(*reply.text())));
}

TEST_F(RealLimits, Rule21TheScriptDecidesAsThePureCoreDoes) {
    std::mt19937 random(20261123);
    const auto up_to = [&](int most) {
        return std::uniform_int_distribution<int>(0, most)(random);
    };
    int later = 0;
    const auto compare = [&](int round) -> asio::awaitable<void> {
        const Rate rate = {
            .count = static_cast<std::uint32_t>(1 + up_to(9)), .per = milliseconds(1 + up_to(30))};
        const microseconds kept = milliseconds(up_to(20));
        Gcra model(rate, kept);
        Time last = SystemClock().now();
        for (int step = 0; step < 200; ++step) {
            const std::string event = "event " + std::to_string(up_to(150));
            const microseconds ahead =
                up_to(3) == 0 ? microseconds(up_to(100'000)) : microseconds(-1);
            const Time earliest = ahead.count() < 0 ? Time() : last + ahead;
            redis::ScriptCall call =
                slot_call("key " + std::to_string(round), event, rate, earliest, kept);
            const Result<redis::Reply> reply =
                co_await client_.eval(slot_script(), std::move(call));
            if (!reply) {
                ADD_FAILURE() << reply.error().message;
                co_return;
            }
            const Time slot = time_of(reply->array()->at(0));
            last = time_of(reply->array()->at(1));
            later += slot > last ? 1 : 0;
            const Time expected = model.slot_for(event, last, earliest);
            if (slot != expected) {
                ADD_FAILURE() << "round " << round << " step " << step << ": the script is "
                              << (slot - expected).count() << " us off";
                co_return;
            }
        }
    };
    const auto body = [&]() -> asio::awaitable<void> {
        for (int round = 0; round < 40; ++round) {
            co_await compare(round);
        }
    };
    run(body);
    EXPECT_GT(later, 1000);
}

TEST_F(RealLimits, Rule21TakesShortStepsWhateverWaits) {
    RedisLimits limits(client_, std::nullopt, Rate{.count = 100, .per = seconds(60)});
    constexpr int waiting = 20000;
    const auto body = [&]() -> asio::awaitable<void> {
        for (int event = 0; event < waiting; event += 500) {
            std::vector<LimitRequest> requests;
            for (int next = event; next < event + 500; ++next) {
                requests.push_back(request(next, "ann@b.test"));
            }
            (void)co_await limits.check(std::move(requests));
        }
    };
    run(body);
    // "usec_per_call=12.34": without the stretch that is known to be full it would be thousands.
    const std::string stats = server_.cli({"INFO", "commandstats"});
    const std::size_t at = stats.find("usec_per_call=", stats.find("cmdstat_evalsha:"));
    ASSERT_NE(at, std::string::npos) << stats;
    EXPECT_LT(std::stod(stats.substr(at + 14)), 500.0);
}

}  // namespace
}  // namespace chatear::notification
