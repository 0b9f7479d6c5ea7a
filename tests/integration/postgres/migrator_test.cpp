#include "postgres/migrator.hpp"

#include "fixture.hpp"

namespace chatear::postgres {
namespace {

class MigratorTest : public PostgresTest {
protected:
    static std::vector<Migration> shipped() {
        const auto loaded = load_migrations("migrations");
        EXPECT_TRUE(loaded.has_value()) << (loaded ? "" : loaded.error().message);
        return *loaded;
    }

    Result<std::vector<std::string>> migrate(const std::vector<Migration>& files) {
        Result<std::vector<std::string>> result = Error{"not run"};
        Migrator migrator(context_.get_executor(), options());
        run([&]() -> asio::awaitable<void> { result = co_await migrator.migrate(files); });
        return result;
    }

    std::string sql(const std::string& text) {
        return test::PostgresServer::shared().sql(text, options().url.reveal());
    }
};

TEST_F(MigratorTest, AppliesEachFileOnce) {
    const auto first = migrate(shipped());
    ASSERT_TRUE(first.has_value()) << first.error().message;
    EXPECT_EQ(first->size(), shipped().size());
    const auto second = migrate(shipped());
    ASSERT_TRUE(second.has_value());
    EXPECT_TRUE(second->empty());
    EXPECT_EQ(sql("SELECT count(*) FROM chatear_migrations"), std::to_string(shipped().size()));
}

TEST_F(MigratorTest, MakesTheTablesOthersRelyOn) {
    ASSERT_TRUE(migrate(shipped()).has_value());
    const std::string columns =
        sql("SELECT string_agg(table_name || '.' || column_name, ' ') FROM "
            "information_schema.columns WHERE table_schema = 'public'");
    for (const char* column :
         {"event_ledger.subject",
          "event_ledger.claim_no",
          "event_ledger.content_sha256",
          "email_sends.smtp_reply",
          "email_sends.sent_at",
          "outbox.refused_reason",
          "outbox.origin_subject",
          "workers.renewed_since",
          "suspects.crashes"}) {
        EXPECT_NE((" " + columns + " ").find(std::string(" ") + column + " "), std::string::npos)
            << column;
    }
}

TEST_F(MigratorTest, ManyAtOnceApplyEachFileOnce) {
    const ConnectionOptions used = options();
    const std::vector<Migration> files = shipped();
    std::size_t applied = 0;
    int failed = 0;
    const auto one = [](asio::any_io_executor executor,
                        ConnectionOptions on,
                        std::vector<Migration> all,
                        std::size_t& names,
                        int& failures) -> asio::awaitable<void> {
        Migrator migrator(executor, on);
        const auto result = co_await migrator.migrate(all);
        names += result ? result->size() : 0;
        failures += result ? 0 : 1;
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup all(context_.get_executor());
        for (int n = 0; n < 8; ++n) {
            all.start("migrates", one(context_.get_executor(), used, files, applied, failed));
        }
        co_await all.join();
    });
    EXPECT_EQ(failed, 0);
    EXPECT_EQ(applied, files.size());
}

TEST_F(MigratorTest, GivesTablesThatStandWhatTheyLack) {
    sql("CREATE TABLE email_sends (event_id text, recipient text NOT NULL, own text);"
        "INSERT INTO email_sends VALUES ('old', 'a@b.test', 'kept');"
        "CREATE TABLE outbox (id uuid PRIMARY KEY, note text);"
        "CREATE TABLE workers (instance text PRIMARY KEY, worker text);");
    const auto result = migrate(shipped());
    ASSERT_TRUE(result.has_value()) << result.error().message;
    EXPECT_EQ(sql("SELECT event_id, own, generation FROM email_sends"), "old|kept|0");
    sql("INSERT INTO email_sends (event_id, recipient) VALUES ('new', 'x') ON CONFLICT (event_id) "
        "DO NOTHING");
    sql("SELECT chatear_publish('a', 'b')");
}

TEST_F(MigratorTest, AppliesTheShippedFilesOverThemselves) {
    ASSERT_TRUE(migrate(shipped()).has_value());
    sql("DROP TABLE chatear_migrations");
    const auto again = migrate(shipped());
    EXPECT_TRUE(again.has_value()) << again.error().message;
}

TEST_F(MigratorTest, KeepsNothingOfAFileThatFails) {
    const std::vector<Migration> files = {
        {1, "good", "CREATE TABLE a (x int); CREATE TABLE b (x int);", "1"},
        {2, "bad", "CREATE TABLE c (x int); SELECT 1/0;", "2"},
        {3, "never", "CREATE TABLE d (x int);", "3"},
    };
    const auto result = migrate(files);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("0002_bad"), std::string::npos) << result.error().message;
    EXPECT_EQ(
        sql("SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname "
            "= 'public'"),
        "a,b,chatear_migrations"
    );
}

TEST_F(MigratorTest, RefusesAFileThatChanged) {
    const std::vector<Migration> before = {{1, "a", "CREATE TABLE a (x int);", "1"}};
    const std::vector<Migration> after = {{1, "a", "CREATE TABLE b (x int);", "2"}};
    ASSERT_TRUE(migrate(before).has_value());
    const auto result = migrate(after);
    ASSERT_FALSE(result.has_value());
    EXPECT_NE(result.error().message.find("0001_a.sql was changed"), std::string::npos);
}

TEST_F(MigratorTest, ShowsWhatIsAppliedWithoutTouchingAnEmptyDatabase) {
    const std::vector<Migration> files = {{1, "a", "SELECT 1;", "1"}, {2, "b", "SELECT 2;", "2"}};
    Migrator migrator(context_.get_executor(), options());
    run([&]() -> asio::awaitable<void> {
        const auto before = co_await migrator.status(files);
        EXPECT_EQ(before->size(), 2U);
        EXPECT_FALSE((*before)[0].applied_at.has_value());
        const auto pending = co_await migrator.pending(files);
        EXPECT_EQ(*pending, files);
        EXPECT_EQ(sql("SELECT to_regclass('chatear_migrations') IS NULL"), "t");
        const std::vector<Migration> first = {files[0]};
        (void)co_await migrator.migrate(first);
        const auto after = co_await migrator.status(files);
        EXPECT_TRUE((*after)[0].applied_at.has_value());
        EXPECT_FALSE((*after)[1].applied_at.has_value());
    });
}

TEST_F(MigratorTest, ThrowsUnavailableWhenTheServerIsDown) {
    Migrator migrator(
        context_.get_executor(),
        options_for("postgres://127.0.0.1:" + std::to_string(test::free_port()) + "/x")
    );
    EXPECT_THROW(
        run([&]() -> asio::awaitable<void> {
            const std::vector<Migration> none;
            (void)co_await migrator.migrate(none);
        }),
        Unavailable
    );
}

}  // namespace
}  // namespace chatear::postgres
