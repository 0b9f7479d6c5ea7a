// Statistics may be old news: tables that were analysed when they were empty are believed to have
// few open deletions, and a plan that reads all of them looks cheap.
#include "deletion_fixture.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace chatear::deletion {
namespace {

constexpr std::size_t batch_size = 50;

class IntakePlans : public DeletionTest {
protected:
    std::vector<std::string> users_without_deletion() {
        std::vector<std::string> ids;
        for (std::size_t n = 0; n < batch_size; ++n) {
            ids.push_back(user());
        }
        return ids;
    }

    static asio::awaitable<std::vector<Change>> to_be_scheduled(Process& by) {
        const std::vector<MailJob> jobs = co_await by.store.due_mails(batch_size);
        std::vector<Change> changes;
        for (const MailJob& job : jobs) {
            changes.push_back({job.deletion, job.deletion});
            changes.back().after.status = Status::scheduled;
        }
        co_return changes;
    }

    /// Rows and index entries that all sessions have read so far, those of the only one of `by`
    /// too.
    asio::awaitable<std::size_t> entries_read(Process& by) {
        postgres::Params none;
        (void)co_await by.pool.query("SELECT pg_stat_force_next_flush()", std::move(none));
        co_return std::stoul(
            sql("SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)) FROM "
                "pg_stat_user_tables WHERE relname IN "
                "('users', 'user_deletions', 'deletion_requests', 'recovery_tokens')")
        );
    }
};

TEST_F(IntakePlans, ABatchReadsItsOwnRowsOnly) {
    Process& a = process(1);
    for (const char* table : {"users", "user_deletions", "deletion_requests"}) {
        sql(std::string("ALTER TABLE ") + table + " SET (autovacuum_enabled = off)");
    }
    sql("ANALYZE; INSERT INTO users (email) SELECT 'u' || n || '@example.test' FROM "
        "generate_series(1, 20000) n; "
        "INSERT INTO user_deletions (user_id, status, next_mail_at) SELECT id, 'queued', now() + "
        "interval '1 day' FROM users; "
        "INSERT INTO deletion_requests (event_id, user_id, kind, outcome) SELECT id, id, 'delete', "
        "'accepted' FROM users");
    std::vector<Request> deletions, again;
    for (const std::string& id : users_without_deletion()) {
        deletions.push_back(deletion_of(id, "of " + id));
        again.push_back(deletion_of(id, "again of " + id));
    }
    run([&]() -> asio::awaitable<void> {
        const std::size_t before = co_await entries_read(a);
        (void)co_await a.store.enter(std::move(deletions), std::nullopt);
        const std::size_t between = co_await entries_read(a);
        EXPECT_LT(between - before, batch_size * 10);
        (void)co_await a.store.enter(std::move(again), std::nullopt);
        const std::size_t after = co_await entries_read(a);
        EXPECT_LT(after - between, batch_size * 10);
        std::vector<Change> changes = co_await to_be_scheduled(a);
        const std::size_t found = co_await entries_read(a);
        EXPECT_LT(found - after, batch_size * 10);
        const std::vector<bool> happened = co_await a.store.apply(std::move(changes));
        EXPECT_EQ(std::count(happened.begin(), happened.end(), true), batch_size);
        const std::size_t changed = co_await entries_read(a);
        EXPECT_LT(changed - found, batch_size * 10);
    });
    EXPECT_EQ(sql("SELECT count(*) FROM deletion_requests WHERE outcome = 'pending'"), "50");
}

}  // namespace
}  // namespace chatear::deletion
