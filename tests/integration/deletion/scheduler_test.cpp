// What wakes a scheduler, on a real PostgreSQL.
#include "deletion/scheduler.hpp"

#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/postgres_server.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <chrono>

namespace chatear::deletion {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

/// Has nothing to do for an hour.
class IdlePass final : public Pass {
public:
    asio::awaitable<milliseconds> run() override {
        ++runs;
        co_return hours(1);
    }
    void drain() override {}
    asio::awaitable<void> stop() override { co_return; }

    int runs = 0;
};

TEST(SchedulerOnPostgres, Rule12WakesOnNotificationAndInBurstsNoMoreOftenThanAPassWants) {
    const std::string url = test::PostgresServer::shared().create_database();
    postgres::ConnectionOptions options;
    options.url = Secret(url);
    asio::io_context context;
    const auto at_once = std::make_shared<IdlePass>();
    const auto slowly = std::make_shared<IdlePass>();
    const auto never = std::make_shared<IdlePass>();
    Scheduler scheduler(
        context.get_executor(),
        options,
        "things",
        {{"at once", at_once, true, milliseconds(0)},
         {"slowly", slowly, true, milliseconds(60'000)},
         {"never", never, false}}
    );
    const auto body = [&]() -> asio::awaitable<void> {
        scheduler.start();
        for (int count = 1; count < 6; ++count) {
            const int before = at_once->runs;
            test::PostgresServer::shared().sql("SELECT pg_notify('things', '')", url);
            for (int i = 0; i < 500 && at_once->runs == before; ++i) {
                co_await net::sleep_for(milliseconds(10));
            }
        }
        co_await scheduler.stop();
    };
    test::run_coroutine(context, body, std::chrono::seconds(60));
    EXPECT_GE(at_once->runs, 5);
    EXPECT_EQ(slowly->runs, 1);
    EXPECT_EQ(never->runs, 1);
}

}  // namespace
}  // namespace chatear::deletion
