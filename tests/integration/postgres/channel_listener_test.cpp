#include "postgres/channel_listener.hpp"

#include "fixture.hpp"

namespace chatear::postgres {
namespace {

using std::chrono::milliseconds;

class ChannelListenerTest : public PostgresTest {};

TEST_F(ChannelListenerTest, GivesEachChannelOnceWhenItBeginsToListen) {
    ChannelListener listener(context_.get_executor(), options(), {"a", "Wei\"rd"});
    run([&]() -> asio::awaitable<void> {
        listener.start();
        std::set<std::string> names;
        for (int n = 0; n < 2; ++n) {
            const std::string name = co_await listener.next();
            names.insert(name);
        }
        EXPECT_EQ(names, (std::set<std::string>{"a", "Wei\"rd"}));
        const std::string none = co_await listener.next_within(milliseconds(50));
        EXPECT_EQ(none, "");
        co_await listener.stop();
    });
}

TEST_F(ChannelListenerTest, GivesNotificationsOnceHoweverManyCame) {
    ChannelListener listener(context_.get_executor(), options(), {"a"});
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        listener.start();
        (void)co_await listener.next();
        (void)co_await value(pool, "SELECT pg_notify('a', n::text) FROM generate_series(1, 10) n");
        const std::string first = co_await listener.next_within(milliseconds(5000));
        EXPECT_EQ(first, "a");
        (void)co_await value(pool, "SELECT pg_notify('other', '')");
        const std::string none = co_await listener.next_within(milliseconds(100));
        EXPECT_EQ(none, "");
        co_await listener.stop();
    };
    with_pool(options(), work);
}

TEST_F(ChannelListenerTest, ListensAgainAfterItsConnectionDied) {
    ChannelListener listener(context_.get_executor(), options(), {"a"});
    const auto work = [&](Pool& pool) -> asio::awaitable<void> {
        listener.start();
        (void)co_await listener.next();
        (void)co_await value(
            pool,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND "
            "datname = "
            "current_database()"
        );
        const std::string again = co_await listener.next_within(milliseconds(5000));
        EXPECT_EQ(again, "a");
        (void)co_await value(pool, "SELECT pg_notify('a', '')");
        const std::string next = co_await listener.next_within(milliseconds(5000));
        EXPECT_EQ(next, "a");
        co_await listener.stop();
    };
    with_pool(options(), work);
}

TEST_F(ChannelListenerTest, MayBeStoppedWhileTheServerIsUnreachable) {
    const std::string url = "postgres://127.0.0.1:" + std::to_string(test::free_port()) + "/x";
    ChannelListener listener(context_.get_executor(), options_for(url), {"a"});
    run([&]() -> asio::awaitable<void> {
        listener.start();
        const std::string none = co_await listener.next_within(milliseconds(50));
        EXPECT_EQ(none, "");
        co_await listener.stop();
    });
}

}  // namespace
}  // namespace chatear::postgres
