#include "net/timer.hpp"
#include "store_fixture.hpp"

#include <algorithm>

namespace chatear::runtime {
namespace {

using ShortStatements = StoreTest;

std::string words(const std::vector<ClaimReply>& replies) {
    std::string text;
    for (const ClaimReply& reply : replies) {
        text += word(reply.answer) + (reply.attempts > 0 ? "+ " : " ");
    }
    return text;
}

/// A `done` that counts, over our table's two columns.
VerdictRequest sent(const std::string& event_id, std::uint64_t claim_no = 1) {
    VerdictRequest verdict = verdict_on(event_id, LedgerStatus::done, 0, claim_no);
    verdict.counts_attempt = true;
    verdict.details = {"250 " + event_id, std::nullopt};
    return verdict;
}

TEST_F(ShortStatements, OneEventThatIsKnownDoesNotChangeTheAnswersOfItsBatch) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("held"));
        (void)co_await claim_one(b, claim_of("finished"));
        (void)co_await record_one(b, verdict_on("finished", LedgerStatus::done));
        (void)co_await claim_one(b, claim_of("waited"));
        VerdictRequest retry = verdict_on("waited", LedgerStatus::retrying);
        retry.counts_attempt = true;
        (void)co_await record_one(b, retry);
        ClaimRequest old = claim_of("old");
        old.published_at -= retention * 2;
        std::vector<ClaimRequest> batch = {
            claim_of("new 1", 0, 5),
            claim_of("held", 0, 6),
            claim_of("finished", 0, 7),
            claim_of("waited", 0, 8),
            claim_of("waited", 1, 9),
            old,
            claim_of("came back", 3, 10),
            claim_of("new 2", 0, 11)};
        const std::vector<ClaimReply> replies = co_await b.ledger.claim(std::move(batch));
        EXPECT_EQ(words(replies), "granted held finished stale+ granted+ too old granted granted ");
        EXPECT_EQ(
            sql("SELECT event_id, claim_no, takeovers, content_in_doubt FROM event_ledger "
                "WHERE claimed_by = '" +
                b.identity.instance + "' AND status = 'working' ORDER BY claim_no"),
            "new 1|5|0|f\nwaited|9|0|f\ncame back|10|0|f\nnew 2|11|0|f"
        );
    });
}

TEST_F(ShortStatements, OneVerdictThatIsNotPlainDoesNotChangeThoseOfItsBatch) {
    Stores& a = process("a", email_table());
    Stores& b = process("b", email_table());
    run([&]() -> asio::awaitable<void> {
        std::vector<ClaimRequest> claims = {claim_of("1"), claim_of("2"), claim_of("told")};
        (void)co_await a.ledger.claim(claims);
        (void)co_await claim_one(b, claim_of("another's"));
        std::vector<OutboxRow> waiting = {returning("told", 1)};
        co_await a.outbox.add(std::move(waiting));
        std::vector<VerdictRequest> batch = {
            sent("1"), sent("2"), sent("told"), sent("another's"), sent("unknown")};
        const std::vector<bool> stand = co_await a.ledger.record(batch);
        EXPECT_EQ(stand, std::vector<bool>({true, true, true, true, false}));
        const std::vector<bool> again = co_await a.ledger.record(batch);
        EXPECT_EQ(again, stand) << "asked again after a broken connection";
        EXPECT_EQ(
            sql("SELECT event_id, status, attempts, smtp_reply, sent_at = updated_at "
                "FROM email_sends ORDER BY event_id"),
            "1|sent|1|250 1|t\n2|sent|1|250 2|t\nanother's|sent|1|250 another's|t\n"
            "told|sent|1|250 told|t"
        );
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "0");
    });
}

OutboxRow telling(const std::string& event_id) {
    return returning(event_id, 0, OutboxKind::domain_event);
}

TEST_F(ShortStatements, WhatIsToldOfAVerdictStandsWhereTheVerdictDoesAndOnce) {
    Stores& a = process("a", email_table());
    Stores& b = process("b", email_table());
    run([&]() -> asio::awaitable<void> {
        std::vector<ClaimRequest> claims = {claim_of("1"), claim_of("2"), claim_of("waits")};
        (void)co_await a.ledger.claim(claims);
        (void)co_await claim_one(b, claim_of("another's"));
        std::vector<OutboxRow> waiting = {returning("waits", 1)};
        co_await a.outbox.add(std::move(waiting));
        std::vector<VerdictRequest> batch = {sent("1"), sent("2")};
        batch[0].publish.push_back(telling("1"));
        for (const char* id : {"waits", "another's", "unknown"}) {
            batch.push_back(sent(id));
            batch.back().publish.push_back(telling(id));
        }
        const std::vector<bool> stand = co_await a.ledger.record(batch);
        EXPECT_EQ(stand, std::vector<bool>({true, true, true, true, false}));
        const std::vector<bool> again = co_await a.ledger.record(batch);
        EXPECT_EQ(again, stand) << "asked again after a broken connection";
        EXPECT_EQ(
            sql("SELECT event_id, kind, subject FROM outbox ORDER BY event_id"),
            "1|domain_event|order.paid\nanother's|domain_event|order.paid\n"
            "waits|domain_event|order.paid"
        );
        EXPECT_EQ(sql("SELECT count(*) FROM email_sends WHERE status = 'sent'"), "4");
    });
}

/// Claims and ends 100 events.
asio::awaitable<std::size_t> send_hundred(Stores& stores, int round) {
    std::vector<ClaimRequest> claims;
    std::vector<VerdictRequest> verdicts;
    for (int n = 0; n < 100; ++n) {
        const std::string id = std::to_string(round) + "." + std::to_string(n);
        claims.push_back(claim_of(id));
        verdicts.push_back(sent(id));
    }
    (void)co_await stores.ledger.claim(std::move(claims));
    const std::vector<bool> stand = co_await stores.ledger.record(std::move(verdicts));
    co_return static_cast<std::size_t>(std::count(stand.begin(), stand.end(), true));
}

TEST_F(ShortStatements, TheirPlansGoByTheKeyWhateverTheTablesWereLikeAtFirst) {
    Stores& a = process("a", email_table());
    const std::string statistics = " FROM pg_stat_user_tables WHERE relname = 'email_sends'";
    run([&]() -> asio::awaitable<void> {
        sql("ANALYZE email_sends, outbox, workers");
        for (int round = 0; round < 20; ++round) {
            const std::size_t sent = co_await send_hundred(a, round);
            EXPECT_EQ(sent, 100U);
        }
        co_await a.pool.stop();  // A backend that ends tells what it has read.
        while (sql("SELECT n_tup_upd" + statistics) != "2000") {
            co_await net::sleep_for(std::chrono::milliseconds(20));
        }
    });
    // Each verdict reads its own row: a plan that reads the table would read 2,000,000.
    EXPECT_EQ(sql("SELECT seq_tup_read, idx_tup_fetch < 10000" + statistics), "0|t");
}

}  // namespace
}  // namespace chatear::runtime
