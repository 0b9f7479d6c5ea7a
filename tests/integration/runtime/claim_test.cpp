#include "store_fixture.hpp"

namespace chatear::runtime {
namespace {

using Rule2 = StoreTest;
using Rule3 = StoreTest;
using Rule5 = StoreTest;
using Rule6 = StoreTest;
using Rule7 = StoreTest;
using Rule8 = StoreTest;
using Rule13 = StoreTest;

TEST_F(Rule2, OneIdWithTwoContentsLeavesTheRowAlone) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        const ClaimReply first = co_await claim_one(a, claim_of("e"));
        EXPECT_EQ(word(first.answer), "granted");
        const std::string before = sql("SELECT * FROM event_ledger");
        for (std::uint32_t generation = 0; generation < 3; ++generation) {
            ClaimRequest other = claim_of("e", generation, 2);
            other.content_sha256 = sha256("another content");
            const ClaimReply second = co_await claim_one(a, other);
            EXPECT_EQ(word(second.answer), "conflict");
        }
        EXPECT_EQ(sql("SELECT * FROM event_ledger"), before);
    });
}

TEST_F(Rule3, AnEventOlderThanTheRetentionWithoutARowIsTooOldToKnow) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        ClaimRequest old = claim_of("old");
        old.published_at -= retention + std::chrono::minutes(1);
        const ClaimReply reply = co_await claim_one(a, old);
        EXPECT_EQ(word(reply.answer), "too old");
        EXPECT_EQ(sql("SELECT count(*) FROM event_ledger"), "0");
        ClaimRequest young = claim_of("young");
        young.published_at -= retention - std::chrono::minutes(1);
        const ClaimReply known = co_await claim_one(a, young);
        EXPECT_EQ(word(known.answer), "granted");
    });
}

TEST_F(Rule3, AnOldEventWithARowOrAGenerationIsKnown) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        ClaimRequest old = claim_of("came back", 1);
        old.published_at -= retention * 2;
        const ClaimReply adopted = co_await claim_one(a, old);
        EXPECT_EQ(word(adopted.answer), "granted");
        old.generation = 0;
        old.claim_no = 2;
        const ClaimReply known = co_await claim_one(a, old);
        EXPECT_EQ(word(known.answer), "stale");
    });
}

TEST_F(Rule5, OneImplementationServesEveryTable) {
    Stores& a = process("a", email_table());
    run([&]() -> asio::awaitable<void> {
        ClaimRequest request = claim_of("e");
        request.details = {"ann@b.test", "<1@c.test>"};
        const ClaimReply reply = co_await claim_one(a, request);
        EXPECT_EQ(word(reply.answer), "granted");
        EXPECT_EQ(
            sql("SELECT status, recipient, message_id FROM email_sends"),
            "sending|ann@b.test|<1@c.test>"
        );
        VerdictRequest verdict = verdict_on("e", LedgerStatus::done);
        verdict.details = {"250 ok", std::nullopt};
        const bool stands = co_await record_one(a, verdict);
        EXPECT_TRUE(stands);
        EXPECT_EQ(
            sql("SELECT status, smtp_reply, error IS NULL, sent_at = updated_at FROM email_sends"),
            "sent|250 ok|t|t"
        );
        EXPECT_EQ(sql("SELECT count(*) FROM event_ledger"), "0");
    });
}

TEST_F(Rule5, TheKeyIsSubjectAndId) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        ClaimRequest other = claim_of("e", 0, 2);
        other.subject = "order.shipped";
        std::vector<ClaimRequest> both = {claim_of("e"), other};
        const std::vector<ClaimReply> replies = co_await a.ledger.claim(std::move(both));
        EXPECT_EQ(word(replies[0].answer), "granted");
        EXPECT_EQ(word(replies[1].answer), "granted");
    });
}

TEST_F(Rule6, OnlyTheSamePairGetsTheSameAnswer) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        for (int n = 0; n < 3; ++n) {
            const ClaimReply again = co_await claim_one(a, claim_of("e"));
            EXPECT_EQ(word(again.answer), "granted");
        }
        const ClaimReply number = co_await claim_one(a, claim_of("e", 0, 2));
        EXPECT_EQ(word(number.answer), "held");
        const ClaimReply instance = co_await claim_one(b, claim_of("e"));
        EXPECT_EQ(word(instance.answer), "held");
    });
}

TEST_F(Rule6, ABatchMayHoldAKeyTwiceAndInAnyOrder) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        std::vector<ClaimRequest> batch = {
            claim_of("z", 0, 1),
            claim_of("b", 0, 2),
            claim_of("z", 0, 3),
            claim_of("a", 0, 4),
            claim_of("z", 0, 1)};
        const std::vector<ClaimReply> replies = co_await a.ledger.claim(std::move(batch));
        const std::vector<std::string> expected = {
            "granted", "granted", "held", "granted", "granted"};
        for (std::size_t n = 0; n < expected.size(); ++n) {
            EXPECT_EQ(word(replies[n].answer), expected[n]) << n;
        }
        std::vector<ClaimRequest> none;
        const std::vector<ClaimReply> empty = co_await a.ledger.claim(std::move(none));
        EXPECT_TRUE(empty.empty());
    });
}

TEST_F(Rule7, ASilentHolderIsTakenOverFromOnlyByWhoRenewedWithoutAGap) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        renewing_for("b", "1 minute");
        last_renewed("a", "29 seconds");
        const ClaimReply alive = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(alive.answer), "held");
        last_renewed("a", "31 seconds");
        renewing_for("b", "29 seconds");
        const ClaimReply after_an_outage = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(after_an_outage.answer), "held");
        renewing_for("b", "31 seconds");
        const ClaimReply dead = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(dead.answer), "taken over");
        EXPECT_EQ(dead.takeovers, 1U);
        EXPECT_TRUE(dead.content_may_have_left);
        const ClaimReply again = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(again.answer), "taken over") << "the same pair gets the same answer";
        EXPECT_EQ(again.takeovers, 1U);
    });
}

TEST_F(Rule7, ATakerWhoItselfFellSilentTakesNothing) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        last_renewed("a", "1 hour");
        sql("UPDATE workers SET renewed_at = now() - interval '40 seconds', renewed_since = now() "
            "- interval '2 hours' "
            "WHERE instance = 'b'");
        const ClaimReply reply = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(reply.answer), "held");
    });
}

TEST_F(Rule7, AReleasedHolderIsTakenOverFromAtOnceAndBlamedForNothing) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        co_await a.registry.release();
        const ClaimReply reply = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(reply.answer), "granted");
        EXPECT_EQ(reply.takeovers, 0U);
        EXPECT_FALSE(reply.content_may_have_left);
    });
}

TEST_F(Rule7, AHolderDeclaredDeadIsTakenOverFromAtOnceAndCounted) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        std::vector<std::string> dead = {"a", "unknown"};
        co_await b.registry.declare_dead(std::move(dead));
        const ClaimReply reply = co_await claim_one(b, claim_of("e", 0, 7));
        EXPECT_EQ(word(reply.answer), "taken over");
        EXPECT_EQ(reply.takeovers, 1U);
    });
}

TEST_F(Rule7, AClaimOfNobodyKnownIsTakenOver) {
    Stores& b = process("b");
    sql("INSERT INTO event_ledger (subject, event_id) VALUES ('order.paid', 'e')");
    sql("INSERT INTO event_ledger (subject, event_id, claimed_by) VALUES ('order.paid', 'f', "
        "'forgotten')");
    run([&]() -> asio::awaitable<void> {
        const ClaimReply early = co_await claim_one(b, claim_of("e"));
        EXPECT_EQ(word(early.answer), "held");
        renewing_for("b", "31 seconds");
        for (const char* event_id : {"e", "f"}) {
            const ClaimReply reply = co_await claim_one(b, claim_of(event_id));
            EXPECT_EQ(word(reply.answer), "taken over");
        }
    });
}

TEST_F(Rule8, AFinalRowOfItsGenerationFinishesIt) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        for (const LedgerStatus status :
             {LedgerStatus::done, LedgerStatus::failed, LedgerStatus::ambiguous}) {
            const std::string event_id = "e" + std::to_string(static_cast<int>(status));
            (void)co_await claim_one(a, claim_of(event_id));
            const bool stands = co_await record_one(a, verdict_on(event_id, status));
            EXPECT_TRUE(stands);
            const ClaimReply reply = co_await claim_one(a, claim_of(event_id, 0, 2));
            EXPECT_EQ(word(reply.answer), "finished");
        }
    });
}

TEST_F(Rule8, ALowerGenerationIsStaleAndAHigherOneAdoptedUnlessItIsDone) {
    Stores& a = process("a");
    run([&]() -> asio::awaitable<void> {
        const ClaimReply no_row = co_await claim_one(a, claim_of("e", 3, 1));
        EXPECT_EQ(word(no_row.answer), "granted");
        const ClaimReply lower = co_await claim_one(a, claim_of("e", 2, 2));
        EXPECT_EQ(word(lower.answer), "stale");
        (void)co_await record_one(a, verdict_on("e", LedgerStatus::failed, 3, 1));
        const ClaimReply higher = co_await claim_one(a, claim_of("e", 4, 3));
        EXPECT_EQ(word(higher.answer), "granted");
        (void)co_await record_one(a, verdict_on("e", LedgerStatus::done, 4, 3));
        const ClaimReply after_done = co_await claim_one(a, claim_of("e", 5, 4));
        EXPECT_EQ(word(after_done.answer), "stale");
        EXPECT_EQ(sql("SELECT status, generation FROM event_ledger"), "done|4");
    });
}

TEST_F(Rule8, AnEventThatWaitedIsGrantedWhenItComesBackWithItsMessageId) {
    Stores& a = process("a", email_table());
    Stores& b = process("b", email_table());
    run([&]() -> asio::awaitable<void> {
        ClaimRequest first = claim_of("e");
        first.details = {"ann@b.test", "<first@c.test>"};
        (void)co_await claim_one(a, first);
        VerdictRequest retry = verdict_on("e", LedgerStatus::retrying);
        retry.counts_attempt = true;
        retry.publish.push_back(returning("e", 1));
        (void)co_await record_one(a, retry);
        const ClaimReply old = co_await claim_one(b, claim_of("e", 0, 5));
        EXPECT_EQ(word(old.answer), "stale");
        ClaimRequest back = claim_of("e", 1, 6);
        back.details = {"ann@b.test", "<second@c.test>"};
        const ClaimReply reply = co_await claim_one(b, back);
        EXPECT_EQ(word(reply.answer), "granted");
        EXPECT_EQ(reply.attempts, 1U);
        EXPECT_EQ(
            sql("SELECT message_id, generation, claimed_by FROM email_sends"), "<first@c.test>|1|b"
        );
    });
}

TEST_F(Rule8, TakeoversAreCountedWithinOneGeneration) {
    Stores& a = process("a");
    Stores& b = process("b");
    run([&]() -> asio::awaitable<void> {
        (void)co_await claim_one(a, claim_of("e"));
        std::vector<std::string> dead = {"a"};
        co_await b.registry.declare_dead(dead);
        const ClaimReply taken = co_await claim_one(b, claim_of("e", 0, 1));
        EXPECT_EQ(taken.takeovers, 1U);
        VerdictRequest retry = verdict_on("e", LedgerStatus::retrying, 0, 1);
        (void)co_await record_one(b, retry);
        const ClaimReply back = co_await claim_one(b, claim_of("e", 1, 2));
        EXPECT_EQ(word(back.answer), "granted");
        EXPECT_EQ(back.takeovers, 0U) << "it reached a verdict: it does not kill";
    });
}

TEST_F(Rule13, ATakeOverWithoutContentAtIsNoAmbiguityWhereItIsKept) {
    LedgerTable table;
    table.keeps_content_at = true;
    Stores& a = process("a", table);
    Stores& b = process("b", table);
    run([&]() -> asio::awaitable<void> {
        std::vector<ClaimRequest> claims = {claim_of("begun", 0, 1), claim_of("not begun", 0, 2)};
        (void)co_await a.ledger.claim(claims);
        std::vector<Ledger::ContentRequest> contents = {
            {"order.paid", "begun", 0, 1},
            {"order.paid", "not begun", 0, 1},
            {"order.paid", "unknown", 0, 1},
            {"order.paid", "begun", 1, 1}};
        const std::vector<bool> ours = co_await a.ledger.begin_content(contents);
        EXPECT_EQ(ours, (std::vector<bool>{true, false, false, false}));
        std::vector<std::string> dead = {"a"};
        co_await b.registry.declare_dead(dead);
        const ClaimReply begun = co_await claim_one(b, claim_of("begun", 0, 1));
        EXPECT_TRUE(begun.content_may_have_left);
        const ClaimReply not_begun = co_await claim_one(b, claim_of("not begun", 0, 2));
        EXPECT_EQ(word(not_begun.answer), "taken over");
        EXPECT_FALSE(not_begun.content_may_have_left);
        std::vector<Ledger::ContentRequest> late = {{"order.paid", "begun", 0, 1}};
        const std::vector<bool> lost = co_await a.ledger.begin_content(late);
        EXPECT_EQ(lost, std::vector<bool>{false}) << "the claim is no longer ours";
    });
}

}  // namespace
}  // namespace chatear::runtime
