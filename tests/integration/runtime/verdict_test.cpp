#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

using Rule9 = StoreTest;
using Rule10 = StoreTest;
using Rule11 = StoreTest;
using Rule12 = StoreTest;

TEST_F(Rule9, AVerdictAndWhatItPublishesStandTogether) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest verdict = verdict_on("e", LedgerStatus::failed);
        verdict.reason = "no such user";
        verdict.publish.push_back(returning("e", 0, OutboxKind::dead_letter));
        verdict.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        const bool stands = co_await record_one(a, verdict);
        EXPECT_TRUE(stands);
        EXPECT_EQ(
            sql("SELECT status, reason, attempts FROM event_ledger"), "failed|no such user|0"
        );
        EXPECT_EQ(
            sql("SELECT kind, subject, headers, generation, due_at > now() FROM outbox ORDER BY "
                "kind"),
            "dead_letter|dlq.order.paid|[[\"A\", \"1\"], [\"B\", \"2\"], [\"A\", \"3\"]]|0|t\n"
            "domain_event|order.paid|[[\"A\", \"1\"], [\"B\", \"2\"], [\"A\", \"3\"]]|0|t"
        );
    });
}

TEST_F(Rule9, AVerdictWhoseRowsCannotStandLeavesTheLedgerAlone) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest verdict = verdict_on("e", LedgerStatus::failed);
        verdict.publish.push_back(returning("e", 0, OutboxKind::dead_letter));
        verdict.publish.back().subject = std::string("dlq\0x", 5);
        bool refused = false;
        try {
            (void)co_await record_one(a, verdict);
        } catch (const std::runtime_error&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
        EXPECT_EQ(sql("SELECT status FROM event_ledger"), "working");
    });
}

TEST_F(Rule9, ABatchOfLargeVerdictsStandsWhole) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        std::vector<VerdictRequest> verdicts;
        for (const std::string id : {"1", "2", "3", "4", "5"}) {
            (void)co_await claim_one(a, claim_of(id));
            verdicts.push_back(verdict_on(id, LedgerStatus::retrying));
            verdicts.back().publish.push_back(returning(id, 1));
            verdicts.back().publish.back().payload = std::string(5 * 1024 * 1024, 'x');
        }
        verdicts.push_back(verdict_on("unclaimed", LedgerStatus::retrying));
        const std::vector<bool> stand = co_await a.ledger.record(verdicts);
        EXPECT_EQ(stand, std::vector<bool>({true, true, true, true, true, false}));
        EXPECT_EQ(sql("SELECT count(*), sum(octet_length(payload)) FROM outbox"), "5|26214400");
    });
}

TEST_F(Rule9, SeveralThingsToldOfOneEndAllStand) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest verdict = verdict_on("e", LedgerStatus::done);
        verdict.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        verdict.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        verdict.publish.back().origin_subject.clear();
        const bool stands = co_await record_one(a, verdict);
        EXPECT_TRUE(stands);
        const bool again = co_await record_one(a, verdict);
        EXPECT_TRUE(again) << "asked again after a broken connection";
        EXPECT_EQ(sql("SELECT count(*) FROM outbox WHERE kind = 'domain_event'"), "2");
    });
}

TEST_F(Rule9, WhatOthersWroteIsKeptEvenIfItIsNoText) {
    Stores& a = process("a", email_table());
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest verdict = verdict_on("e", LedgerStatus::failed);
        verdict.reason = "said \xff\xfe";
        verdict.details = {std::string("550 \0\xc3(", 7), "x"};
        verdict.publish.push_back(returning("e", 0, OutboxKind::dead_letter));
        verdict.publish.back().headers = {{"Odd", "\xff"}};
        verdict.publish.back().payload = std::string("\0\xff", 2);
        const bool stands = co_await record_one(a, verdict);
        EXPECT_TRUE(stands);
        EXPECT_EQ(sql("SELECT encode(payload, 'hex') FROM outbox"), "00ff");
    });
}

TEST_F(Rule9, ABatchTakesEachVerdictOnItsOwn) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        std::vector<ClaimRequest> claims;
        for (int n = 0; n < 500; ++n) {
            claims.push_back(claim_of("e" + std::to_string(n), 0, static_cast<std::uint64_t>(n)));
        }
        (void)co_await a.ledger.claim(claims);
        std::vector<VerdictRequest> verdicts;
        for (int n = 499; n >= 0; --n) {
            const bool wrong = n % 5 == 0;
            verdicts.push_back(verdict_on(
                "e" + std::to_string(n),
                LedgerStatus::retrying,
                0,
                static_cast<std::uint64_t>(wrong ? n + 1000 : n)
            ));
            verdicts.back().publish.push_back(returning("e" + std::to_string(n), 1));
        }
        const std::vector<bool> stand = co_await a.ledger.record(verdicts);
        for (std::size_t n = 0; n < stand.size(); ++n) {
            EXPECT_EQ(stand[n], (499 - n) % 5 != 0) << n;
        }
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "400");
        EXPECT_EQ(
            sql("SELECT count(*) FROM outbox o JOIN event_ledger l USING (event_id) WHERE l.status "
                "<> 'retrying'"),
            "0"
        );
    });
}

TEST_F(Rule10, AVerdictThatMatchesNothingIsDropped) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e", 2, 5));
        std::vector<VerdictRequest> wrong = {
            verdict_on("unknown", LedgerStatus::failed, 2, 5),
            verdict_on("e", LedgerStatus::failed, 1, 5),
            verdict_on("e", LedgerStatus::failed, 3, 5),
            verdict_on("e", LedgerStatus::failed, 2, 4),
            verdict_on("e", LedgerStatus::retrying, 2, 6),
            verdict_on("unknown", LedgerStatus::done, 2, 5),
        };
        for (VerdictRequest& verdict : wrong) {
            verdict.publish.push_back(returning(verdict.event_id, 9));
        }
        const std::vector<bool> stand = co_await a.ledger.record(wrong);
        EXPECT_EQ(stand, std::vector<bool>(6, false));
        const bool others = co_await record_one(b, verdict_on("e", LedgerStatus::failed, 2, 5));
        EXPECT_FALSE(others);
        EXPECT_EQ(sql("SELECT status FROM event_ledger"), "working");
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "0");
    });
}

TEST_F(Rule10, DoneMatchesTheEventAloneAndTakesBackWhatWaits) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        std::vector<std::string> dead = {"a"};
        co_await b.registry.declare_dead(dead);
        (void)co_await claim_one(b, claim_of("e", 0, 9));
        VerdictRequest retry = verdict_on("e", LedgerStatus::retrying, 0, 9);
        retry.publish.push_back(returning("e", 1));
        (void)co_await record_one(b, retry);
        (void)co_await claim_one(b, claim_of("other", 0, 10));
        VerdictRequest unrelated = verdict_on("other", LedgerStatus::retrying, 0, 10);
        unrelated.publish.push_back(returning("other", 1));
        (void)co_await record_one(b, unrelated);
        VerdictRequest sent = verdict_on("e", LedgerStatus::done, 0, 1);
        sent.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        const bool stands = co_await record_one(a, sent);
        EXPECT_TRUE(stands);
        EXPECT_EQ(
            sql("SELECT status, generation FROM event_ledger WHERE event_id = 'e'"), "done|1"
        );
        EXPECT_EQ(
            sql("SELECT event_id, kind FROM outbox ORDER BY 1"), "e|domain_event\nother|event"
        );
        const ClaimReply back = co_await claim_one(b, claim_of("e", 1, 11));
        EXPECT_EQ(word(back.answer), "finished");
    });
}

TEST_F(Rule10, DoneWinsOverAFailureAndReplacesWhatWasToBeTold) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest failed = verdict_on("e", LedgerStatus::failed);
        failed.publish.push_back(returning("e", 0, OutboxKind::dead_letter));
        failed.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        (void)co_await record_one(a, failed);
        VerdictRequest done = verdict_on("e", LedgerStatus::done);
        done.publish.push_back(returning("e", 0, OutboxKind::domain_event));
        done.publish.back().payload = "sent after all";
        (void)co_await record_one(a, done);
        EXPECT_EQ(
            sql("SELECT kind, convert_from(payload, 'UTF8') FROM outbox"),
            "domain_event|sent after all"
        );
    });
}

TEST_F(Rule11, EachPassThroughTheOutboxRaisesTheGenerationAndVerdictsCountAttempts) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        for (std::uint32_t generation = 0; generation < 6; ++generation) {
            const ClaimReply reply = co_await claim_one(a, claim_of("e", generation, generation));
            EXPECT_EQ(word(reply.answer), "granted");
            EXPECT_EQ(reply.attempts, (generation + 1) / 2);
            const bool fails = generation % 2 == 0;
            VerdictRequest verdict = verdict_on(
                "e", fails ? LedgerStatus::retrying : LedgerStatus::deferred, generation, generation
            );
            verdict.counts_attempt = fails;
            verdict.publish.push_back(returning("e", generation + 1));
            const bool stands = co_await record_one(a, verdict);
            EXPECT_TRUE(stands);
        }
        EXPECT_EQ(sql("SELECT generation, attempts FROM event_ledger"), "6|3");
        EXPECT_EQ(
            sql("SELECT string_agg(generation::text, ',' ORDER BY generation) FROM outbox"),
            "1,2,3,4,5,6"
        );
    });
}

TEST_F(Rule12, AVerdictAskedAgainStandsAndPublishesNothingTwice) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        for (const LedgerStatus status :
             {LedgerStatus::done,
              LedgerStatus::retrying,
              LedgerStatus::deferred,
              LedgerStatus::failed,
              LedgerStatus::ambiguous}) {
            const std::string event_id = "e" + std::to_string(static_cast<int>(status));
            (void)co_await claim_one(a, claim_of(event_id));
            VerdictRequest verdict = verdict_on(event_id, status);
            verdict.counts_attempt = true;
            verdict.publish.push_back(returning(event_id, 1));
            for (int n = 0; n < 3; ++n) {
                const bool stands = co_await record_one(a, verdict);
                EXPECT_TRUE(stands) << event_id << " " << n;
            }
            verdict.status =
                status == LedgerStatus::failed ? LedgerStatus::ambiguous : LedgerStatus::failed;
            const bool another = co_await record_one(a, verdict);
            EXPECT_FALSE(another) << event_id;
        }
        EXPECT_EQ(sql("SELECT count(*), count(DISTINCT event_id) FROM outbox"), "5|5");
        EXPECT_EQ(sql("SELECT max(attempts) FROM event_ledger"), "1");
    });
}

TEST_F(Rule12, TheSameVerdictTwiceInOneBatchStandsOnce) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        VerdictRequest verdict = verdict_on("e", LedgerStatus::retrying);
        verdict.counts_attempt = true;
        verdict.publish.push_back(returning("e", 1));
        std::vector<VerdictRequest> twice = {verdict, verdict};
        const std::vector<bool> stand = co_await a.ledger.record(twice);
        EXPECT_EQ(stand, std::vector<bool>(2, true));
        EXPECT_EQ(sql("SELECT attempts FROM event_ledger"), "1");
        EXPECT_EQ(sql("SELECT count(*) FROM outbox"), "1");
    });
}

using Retention = StoreTest;

TEST_F(Retention, RemovesOldFinalRowsAFewAtATime) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        sql("INSERT INTO event_ledger (subject, event_id, status, updated_at) "
            "SELECT 's', n::text, (ARRAY['done', 'failed', 'ambiguous', 'working', 'retrying'])[n "
            "% 5 + 1], "
            "now() - n * interval '1 day' FROM generate_series(1, 100) n");
        const std::size_t first =
            co_await a.ledger.remove_final_rows(std::chrono::hours(24 * 50 + 12), 10);
        EXPECT_EQ(first, 10U);
        const std::size_t rest =
            co_await a.ledger.remove_final_rows(std::chrono::hours(24 * 50 + 12), 1000);
        EXPECT_EQ(rest, 20U);
        EXPECT_EQ(
            sql("SELECT count(*) FROM event_ledger WHERE status IN ('working', 'retrying')"), "40"
        );
    });
}

}  // namespace
}  // namespace chatear::runtime
