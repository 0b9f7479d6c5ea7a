#include "base/error.hpp"
#include "store_fixture.hpp"

#include <set>

namespace chatear::runtime {
namespace {

using std::chrono::milliseconds;
using Rule14 = StoreTest;
using Rule15 = StoreTest;

const std::vector<std::string> none_skipped;

OutboxRow due_now(const std::string& event_id, const std::string& subject = "order.paid") {
    OutboxRow row = returning(event_id, 1);
    row.subject = subject;
    row.due_after = milliseconds(0);
    return row;
}

TEST_F(Rule14, NoMoreIsTakenAtOnceThanFitsIntoMemory) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        std::vector<OutboxRow> rows = {due_now("1"), due_now("2"), due_now("3"), due_now("4")};
        for (OutboxRow& row : rows) {
            row.payload = std::string(PostgresOutbox::most_bytes / 2, 'x');
        }
        rows[3].payload = std::string(PostgresOutbox::most_bytes * 2, 'x');
        co_await a.outbox.add(rows);
        std::vector<std::size_t> taken_at_once;
        for (int pass = 0; pass < 4; ++pass) {
            const std::vector<TakenRow> taken =
                co_await a.outbox.take(10, std::chrono::seconds(60), none_skipped);
            std::size_t bytes = 0;
            for (const TakenRow& row : taken) {
                bytes += row.payload.size();
            }
            EXPECT_LT(bytes, PostgresOutbox::most_bytes * 3);
            taken_at_once.push_back(taken.size());
        }
        EXPECT_EQ(taken_at_once[0] + taken_at_once[1] + taken_at_once[2] + taken_at_once[3], 4U);
        EXPECT_LT(taken_at_once[0], 4U);
        EXPECT_EQ(taken_at_once[3], 0U) << "each row only once, also the largest";
    });
}

TEST_F(StoreTest, AStatementThatFailsWhileThePoolIsWellIsToldOnce) {
    Stores& a = process("a");
    sql("ALTER TABLE outbox RENAME TO hidden");
    testing::internal::CaptureStderr();
    run([&]() -> asio::awaitable<void> {
        for (int time = 0; time < 3; ++time) {
            bool unavailable = false;
            try {
                (void)co_await a.outbox.take(10, std::chrono::seconds(60), none_skipped);
            } catch (const Unavailable&) {
                unavailable = true;
            }
            EXPECT_TRUE(unavailable);
        }
    });
    const std::string told = testing::internal::GetCapturedStderr();
    const std::size_t at = told.find("fails a statement");
    EXPECT_NE(at, std::string::npos);
    EXPECT_NE(told.find("chatear migrate"), std::string::npos) << "the remedy: " << told;
    EXPECT_EQ(told.find("fails a statement", at + 1), std::string::npos) << told;
}

TEST_F(Rule14, ManyRelaysNeverTakeOneRowTwice) {
    Stores& a = process("a", {}, 2);
    Stores& b = process("b", {}, 2);
    sql("INSERT INTO outbox (subject, payload) SELECT 's', '' FROM generate_series(1, 2000)");
    std::multiset<std::string> ids;
    const auto relay = [](Stores& stores,
                          std::multiset<std::string>& seen) -> asio::awaitable<void> {
        while (true) {
            const std::vector<TakenRow> taken =
                co_await stores.outbox.take(17, std::chrono::seconds(60), none_skipped);
            if (taken.empty()) {
                co_return;
            }
            std::vector<std::string> published;
            for (const TakenRow& row : taken) {
                seen.insert(row.id);
                published.push_back(row.id);
            }
            co_await stores.outbox.remove(published);
        }
    };
    run([&]() -> asio::awaitable<void> {
        net::TaskGroup relays(context_.get_executor());
        for (int n = 0; n < 4; ++n) {
            relays.start("relay", relay(a, ids));
            relays.start("relay", relay(b, ids));
        }
        co_await relays.join();
    });
    EXPECT_EQ(ids.size(), 2000U);
    EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), 2000U);
    EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "0");
}

TEST_F(Rule14, AProducersRowHasNoOrigin) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        sql("SELECT chatear_publish('email.send', '{}', '{\"X\": \"1\"}')");
        const std::vector<TakenRow> taken =
            co_await a.outbox.take(10, std::chrono::seconds(60), none_skipped);
        EXPECT_EQ(taken.size(), 1U);
        EXPECT_FALSE(taken.at(0).kind.has_value());
        EXPECT_EQ(taken.at(0).origin_subject, "");
        EXPECT_EQ(taken.at(0).headers, (Headers{{"X", "1"}}));
    });
}

TEST_F(Rule15, ARefusedRetryBecomesADeadLetterInOneStatement) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest retry = verdict_on("e", LedgerStatus::retrying);
        retry.publish.push_back(due_now("e"));
        (void)co_await record_one(a, retry);
        const std::vector<TakenRow> taken =
            co_await a.outbox.take(10, milliseconds(0), none_skipped);
        std::optional<OutboxRow> dead = returning("e", 1, OutboxKind::dead_letter);
        co_await a.outbox.refuse(taken.at(0).id, "too large", dead);
        co_await a.outbox.refuse(taken.at(0).id, "too large", dead);
        EXPECT_EQ(sql("SELECT status, reason FROM event_ledger"), "failed|too large");
        EXPECT_EQ(
            sql("SELECT kind, refused_reason FROM outbox ORDER BY kind"),
            "dead_letter|\nevent|too large"
        );
        const std::vector<TakenRow> again =
            co_await a.outbox.take(10, milliseconds(0), none_skipped);
        EXPECT_TRUE(again.empty()) << "the dead letter is not due yet, the refused row never again";
    });
}

TEST_F(Rule15, ARefusedRetryOfAnEmailFailsItsOwnLedger) {
    Stores& a = process("a", email_table());
    run([&]() -> asio::awaitable<void> {
        ClaimRequest claim = claim_of("e");
        claim.subject = "email.send";
        (void)co_await claim_one(a, claim);
        VerdictRequest retry = verdict_on("e", LedgerStatus::deferred);
        retry.subject = "email.send";
        retry.publish.push_back(due_now("e", "email.send"));
        retry.publish.back().origin_subject = "email.send";
        (void)co_await record_one(a, retry);
        const std::vector<TakenRow> taken =
            co_await a.outbox.take(10, milliseconds(0), none_skipped);
        std::optional<OutboxRow> dead = returning("e", 1, OutboxKind::dead_letter);
        co_await a.outbox.refuse(taken.at(0).id, "bad header", dead);
        EXPECT_EQ(sql("SELECT status, reason FROM email_sends"), "failed|bad header");
    });
}

TEST_F(Rule15, ARefusedDeadLetterStaysWithItsReason) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        std::vector<OutboxRow> rows = {returning("e", 0, OutboxKind::dead_letter)};
        rows[0].due_after = milliseconds(0);
        co_await a.outbox.add(rows);
        const std::vector<TakenRow> taken =
            co_await a.outbox.take(10, milliseconds(0), none_skipped);
        std::optional<OutboxRow> nothing;
        co_await a.outbox.refuse(taken.at(0).id, "too large", nothing);
        EXPECT_EQ(sql("SELECT kind, refused_reason FROM outbox"), "dead_letter|too large");
        const auto due = co_await a.outbox.until_next_due();
        EXPECT_FALSE(due.has_value());
    });
}

TEST_F(Rule15, ARowWithHeadersOfNoKnownFormIsSetAsideNotTakenForEver) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        sql("INSERT INTO outbox (subject, payload, headers) VALUES ('s', '', '{\"a\": 1}'), ('s', "
            "'', '[]')");
        const std::vector<TakenRow> taken =
            co_await a.outbox.take(10, milliseconds(0), none_skipped);
        EXPECT_EQ(taken.size(), 1U);
        EXPECT_EQ(
            sql("SELECT count(*) FROM outbox WHERE refused_reason LIKE 'headers are not%'"), "1"
        );
    });
}

}  // namespace
}  // namespace chatear::runtime
