#include "runtime/retention.hpp"

#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

TEST_F(StoreTest, ASweepTakesAllThatIsOldAndFinalHoweverMuchItIs) {
    Stores& a = process("a");
    sql("INSERT INTO event_ledger (subject, event_id, status, updated_at) "
        "SELECT 's', n, CASE WHEN n % 2 = 0 THEN 'done' ELSE 'failed' END, now() - interval '2 "
        "days' "
        "FROM generate_series(1, 1203) n");
    sql("INSERT INTO event_ledger (subject, event_id, status, updated_at) VALUES "
        "('s', 'young', 'done', now()), ('s', 'waits', 'retrying', now() - interval '2 days'), "
        "('s', 'runs', 'working', now() - interval '2 days')");
    run([&]() -> asio::awaitable<void> {
        const std::size_t removed = co_await sweep(a.ledger, std::chrono::hours(24));
        EXPECT_EQ(removed, 1203U);
        const std::size_t again = co_await sweep(a.ledger, std::chrono::hours(24));
        EXPECT_EQ(again, 0U);
    });
    EXPECT_EQ(
        sql("SELECT string_agg(event_id, ' ' ORDER BY event_id) FROM event_ledger"),
        "runs waits young"
    );
}

}  // namespace
}  // namespace chatear::runtime
