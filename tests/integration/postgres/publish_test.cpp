#include "fixture.hpp"
#include "postgres/channel_listener.hpp"
#include "postgres/migrator.hpp"

namespace chatear::postgres {
namespace {

// chatear_publish, as any language calls it (rule 16).
class Rule16 : public PostgresTest {
protected:
    void SetUp() override {
        Migrator migrator(context_.get_executor(), options());
        run([&]() -> asio::awaitable<void> {
            const auto files = load_migrations("migrations");
            const auto done = co_await migrator.migrate(*files);
            EXPECT_TRUE(done.has_value());
        });
    }

    std::string sql(const std::string& text) {
        return test::PostgresServer::shared().sql(text, options().url.reveal());
    }

    // The SQLSTATE that a call ends with.
    std::string state(const std::string& call) {
        std::string result;
        const auto work = [&](Pool& pool) -> asio::awaitable<void> {
            const Params none;
            const QueryResult answer = co_await pool.query(call, none);
            result = state_of(answer);
        };
        with_pool(options(), work);
        return result;
    }
};

TEST_F(Rule16, ProducersPublishTextJsonAndBytesInTheirOwnTransaction) {
    sql("BEGIN; SELECT chatear_publish('email.send', '{\"a\": 1}'); ROLLBACK");
    EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "0");
    sql("SELECT chatear_publish('email.send', '{\"a\":  1}')");
    sql("SELECT chatear_publish('email.send', jsonb_build_object('a', 'é'))");
    sql("SELECT chatear_publish('email.send', '\\x00ff'::bytea)");
    EXPECT_EQ(
        sql("SELECT string_agg(encode(payload, 'hex'), ' ' ORDER BY length(payload)) FROM outbox"),
        "00ff 7b2261223a2020317d 7b2261223a2022c3a9227d"
    );
}

TEST_F(Rule16, HeadersKeepTheirOrderAndRepeats) {
    sql(R"(SELECT chatear_publish('a', 'x', '[["B", "1"], ["A", "2"], ["B", "3"]]'))");
    EXPECT_EQ(sql("SELECT headers FROM outbox"), R"([["B", "1"], ["A", "2"], ["B", "3"]])");
}

TEST_F(Rule16, HeadersMayBeAnObject) {
    sql(R"(SELECT chatear_publish('a', 'x', '{"B": "1", "A": "2"}'))");
    EXPECT_EQ(sql("SELECT headers FROM outbox"), R"([["A", "2"], ["B", "1"]])");
}

TEST_F(Rule16, TheTimeAndTheIdAreTheCallers) {
    const std::string id = sql("SELECT chatear_publish('a', 'x', due_at => '2100-01-01Z')");
    EXPECT_EQ(sql("SELECT id FROM outbox WHERE due_at = '2100-01-01Z' AND kind IS NULL"), id);
}

TEST_F(Rule16, WhatCouldNotBePublishedIsRefusedAtOnce) {
    for (const char* call :
         {"SELECT chatear_publish('', 'x')",
          "SELECT chatear_publish('a b', 'x')",
          "SELECT chatear_publish('a.>', 'x')",
          "SELECT chatear_publish('a..b', 'x')",
          "SELECT chatear_publish(NULL, 'x')",
          "SELECT chatear_publish('a', 'x', '[\"b\"]')",
          "SELECT chatear_publish('a', 'x', '{\"b\": 1}')",
          "SELECT chatear_publish('a', 'x', '{\"b:\": \"1\"}')",
          "SELECT chatear_publish('a', 'x', '{\"b\": \"1\\r\\n\"}')",
          "SELECT chatear_publish('a', 'x', '7')"}) {
        EXPECT_EQ(state(call), "22023") << call;
    }
    EXPECT_EQ(state("SELECT chatear_publish('a', NULL::text)"), "23502");
}

TEST_F(Rule16, TheRelaysAreWokenForWhatIsDueSoonOnly) {
    ChannelListener listener(context_.get_executor(), options(), {"chatear_outbox"});
    run([&]() -> asio::awaitable<void> {
        listener.start();
        (void)co_await listener.next();
        sql("SELECT chatear_publish('a', 'x', due_at => now() + interval '1 hour')");
        const std::string none = co_await listener.next_within(std::chrono::milliseconds(100));
        EXPECT_EQ(none, "");
        sql("SELECT chatear_publish('a', 'x')");
        const std::string woken = co_await listener.next_within(std::chrono::milliseconds(5000));
        EXPECT_EQ(woken, "chatear_outbox");
        co_await listener.stop();
    });
}

}  // namespace
}  // namespace chatear::postgres
