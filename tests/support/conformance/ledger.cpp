// Rules 2 to 13: whose an event is, and what becomes of it.
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "support/claim_answer.hpp"
#include "support/conformance/ledger_contract.hpp"

#include <gmock/gmock.h>

#include <utility>

namespace chatear::conformance {

using runtime::ClaimReply;
using runtime::ClaimRequest;
using runtime::Ledger;
using runtime::LedgerStatus;
using runtime::OutboxKind;
using runtime::OutboxRow;
using runtime::VerdictRequest;

LedgerWorld& LedgerContract::world(bool keeps_content_at) {
    if (!world_) {
        world_ = GetParam()(keeps_content_at);
    }
    return *world_;
}

ClaimRequest LedgerContract::claim_of(
    const std::string& event_id, std::uint32_t generation, std::uint64_t claim_no
) {
    ClaimRequest request;
    request.subject = "order.paid";
    request.event_id = event_id;
    request.generation = generation;
    request.claim_no = claim_no;
    request.content_sha256 = sha256("content");
    request.published_at = SystemClock().now();
    return request;
}

VerdictRequest LedgerContract::verdict_on(
    const std::string& event_id,
    LedgerStatus status,
    std::uint32_t generation,
    std::uint64_t claim_no
) {
    VerdictRequest request;
    request.subject = "order.paid";
    request.event_id = event_id;
    request.generation = generation;
    request.claim_no = claim_no;
    request.status = status;
    return request;
}

OutboxRow LedgerContract::row_of(
    const std::string& event_id, std::uint32_t generation, OutboxKind kind
) {
    OutboxRow row;
    row.kind = kind;
    row.subject = "order.paid";
    row.payload = "content";
    row.origin_subject = "order.paid";
    row.event_id = event_id;
    row.generation = generation;
    return row;
}

ClaimReply LedgerContract::reply(const std::string& process, ClaimRequest request) {
    Ledger& ledger = world().ledger(process);
    std::vector<ClaimRequest> requests(1, std::move(request));
    std::vector<ClaimReply> replies;
    world().run([&]() -> asio::awaitable<void> { replies = co_await ledger.claim(requests); });
    return replies.at(0);
}

std::string LedgerContract::claim(const std::string& process, const ClaimRequest& request) {
    return word(reply(process, request).answer);
}

bool LedgerContract::record(const std::string& process, VerdictRequest verdict) {
    std::vector<VerdictRequest> verdicts(1, std::move(verdict));
    return record_all(process, std::move(verdicts)).at(0);
}

std::vector<bool> LedgerContract::record_all(
    const std::string& process, std::vector<VerdictRequest> verdicts
) {
    Ledger& ledger = world().ledger(process);
    std::vector<bool> stand;
    world().run([&]() -> asio::awaitable<void> { stand = co_await ledger.record(verdicts); });
    return stand;
}

std::vector<bool> LedgerContract::begin_content(
    const std::string& process, std::vector<Ledger::ContentRequest> contents
) {
    Ledger& ledger = world().ledger(process);
    std::vector<bool> ours;
    world().run([&]() -> asio::awaitable<void> { ours = co_await ledger.begin_content(contents); });
    return ours;
}

void LedgerContract::speak_for(
    const std::string& process,
    const std::string& dead,
    const std::vector<std::pair<std::string, bool>>& contents,
    bool complete
) {
    runtime::FlightLog log;
    log.instance = dead;
    log.complete = complete;
    for (const auto& [event_id, accepted] : contents) {
        log.flights.push_back({"order.paid", event_id, 0, 1, accepted, "250 queued"});
    }
    Ledger& ledger = world().ledger(process);
    world().run([&] { return ledger.speak_for(log); });
}

void LedgerContract::release(const std::string& process) {
    runtime::Registry& registry = world().registry(process);
    world().run([&] { return registry.release(); });
}

void LedgerContract::declare_dead(const std::string& by, const std::string& process) {
    runtime::Registry& registry = world().registry(by);
    const std::vector<std::string> dead = {process, "unknown"};
    world().run([&] { return registry.declare_dead(dead); });
}

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_P(LedgerContract, Rule2OneIdWithTwoContentsLeavesTheRowAlone) {
    EXPECT_EQ(claim("a", claim_of("e")), "granted");
    ClaimRequest other = claim_of("e", 1, 2);
    other.content_sha256 = sha256("another content");
    EXPECT_EQ(claim("a", other), "conflict");
    EXPECT_EQ(claim("a", claim_of("e")), "granted") << "the first one's as before";
}

TEST_P(LedgerContract, Rule3AnEventOlderThanTheRetentionWithoutARowIsTooOldToKnow) {
    ClaimRequest old = claim_of("e");
    old.published_at -= ledger_retention + 1min;
    EXPECT_EQ(claim("a", old), "too old");
    old.generation = 1;
    EXPECT_EQ(claim("a", old), "granted");
    old.generation = 0;
    EXPECT_EQ(claim("a", old), "stale");
}

TEST_P(LedgerContract, Rule6OnlyTheSamePairGetsTheSameAnswer) {
    EXPECT_EQ(claim("a", claim_of("e")), "granted");
    EXPECT_EQ(claim("a", claim_of("e")), "granted");
    EXPECT_EQ(claim("a", claim_of("e", 0, 2)), "held");
    EXPECT_EQ(claim("b", claim_of("e")), "held");
}

TEST_P(LedgerContract, Rule7ASilentHolderIsTakenOverFromOnlyByWhoRenewedWithoutAGap) {
    claim("a", claim_of("e"));
    world().ledger("b");
    world().renewing_for("b", 60s);
    world().last_renewed("a", 29s);
    EXPECT_EQ(claim("b", claim_of("e", 0, 7)), "held");
    world().last_renewed("a", 31s);
    world().renewing_for("b", 29s);
    EXPECT_EQ(claim("b", claim_of("e", 0, 7)), "held");
    world().renewing_for("b", 31s);
    const ClaimReply taken = reply("b", claim_of("e", 0, 7));
    EXPECT_EQ(word(taken.answer), "taken over");
    EXPECT_EQ(taken.takeovers, 1U);
    EXPECT_TRUE(taken.content_may_have_left);
    EXPECT_EQ(reply("b", claim_of("e", 0, 7)).takeovers, 1U) << "asked again";
}

TEST_P(LedgerContract, Rule7OnesOwnClaimIsNeverDead) {
    claim("a", claim_of("e"));
    world().last_renewed("a", 1h);
    EXPECT_EQ(claim("a", claim_of("e", 0, 2)), "held");
    EXPECT_EQ(claim("a", claim_of("e")), "granted");
}

TEST_P(LedgerContract, Rule7AReleasedHolderIsTakenOverFromAtOnceAndBlamedForNothing) {
    claim("a", claim_of("e"));
    release("a");
    const ClaimReply taken = reply("b", claim_of("e", 0, 7));
    EXPECT_EQ(word(taken.answer), "granted");
    EXPECT_EQ(taken.takeovers, 0U);
    EXPECT_FALSE(taken.content_may_have_left);
}

TEST_P(LedgerContract, Rule7AHolderDeclaredDeadIsTakenOverFromAtOnceAndCounted) {
    claim("a", claim_of("e"));
    declare_dead("b", "a");
    EXPECT_EQ(reply("b", claim_of("e", 0, 7)).takeovers, 1U);
    declare_dead("c", "b");
    EXPECT_EQ(reply("c", claim_of("e", 0, 7)).takeovers, 2U);
}

TEST_P(LedgerContract, Rule7WhoIsReleasedCannotBeDeclaredDead) {
    claim("a", claim_of("e"));
    release("a");
    declare_dead("b", "a");
    EXPECT_EQ(reply("b", claim_of("e", 0, 7)).takeovers, 0U);
}

TEST_P(LedgerContract, Rule8AFinalRowOfItsGenerationFinishesIt) {
    for (const LedgerStatus status :
         {LedgerStatus::done, LedgerStatus::failed, LedgerStatus::ambiguous}) {
        const std::string event_id = "e" + std::to_string(static_cast<int>(status));
        claim("a", claim_of(event_id));
        EXPECT_TRUE(record("a", verdict_on(event_id, status)));
        EXPECT_EQ(claim("b", claim_of(event_id, 0, 2)), "finished");
        const bool done = status == LedgerStatus::done;
        EXPECT_EQ(claim("b", claim_of(event_id, 1, 3)), done ? "stale" : "granted");
    }
}

TEST_P(LedgerContract, Rule8AnEventThatWaitedIsGrantedWhenItComesBack) {
    claim("a", claim_of("e"));
    VerdictRequest retry = verdict_on("e", LedgerStatus::retrying);
    retry.counts_attempt = true;
    EXPECT_TRUE(record("a", retry));
    EXPECT_EQ(claim("b", claim_of("e", 0, 5)), "stale");
    const ClaimReply back = reply("b", claim_of("e", 1, 6));
    EXPECT_EQ(word(back.answer), "granted");
    EXPECT_EQ(back.attempts, 1U);
}

TEST_P(LedgerContract, Rule8TakeoversAreCountedWithinOneGeneration) {
    claim("a", claim_of("e"));
    declare_dead("b", "a");
    EXPECT_EQ(reply("b", claim_of("e")).takeovers, 1U);
    record("b", verdict_on("e", LedgerStatus::deferred));
    const ClaimReply back = reply("b", claim_of("e", 1, 2));
    EXPECT_EQ(word(back.answer), "granted");
    EXPECT_EQ(back.takeovers, 0U);
}

TEST_P(LedgerContract, Rule9AVerdictAndWhatItPublishesStandTogether) {
    claim("a", claim_of("e"));
    VerdictRequest failed = verdict_on("e", LedgerStatus::failed);
    failed.publish = {row_of("e", 0, OutboxKind::dead_letter)};
    EXPECT_TRUE(record("a", failed));
    EXPECT_THAT(world().outbox(), ElementsAre("dead_letter e/0"));
    EXPECT_TRUE(record("a", failed)) << "asked again after a broken connection";
    EXPECT_THAT(world().outbox(), ElementsAre("dead_letter e/0"));
}

TEST_P(LedgerContract, Rule10AVerdictThatMatchesNothingIsDroppedWithWhatItPublishes) {
    claim("a", claim_of("e", 2, 5));
    std::vector<VerdictRequest> wrong = {
        verdict_on("unknown", LedgerStatus::done, 2, 5),
        verdict_on("e", LedgerStatus::failed, 1, 5),
        verdict_on("e", LedgerStatus::failed, 3, 5),
        verdict_on("e", LedgerStatus::retrying, 2, 4)};
    for (VerdictRequest& verdict : wrong) {
        verdict.publish = {row_of(verdict.event_id, 9)};
    }
    EXPECT_EQ(record_all("a", wrong), std::vector<bool>(4, false));
    EXPECT_FALSE(record("b", verdict_on("e", LedgerStatus::failed, 2, 5)));
    EXPECT_THAT(world().outbox(), IsEmpty());
}

TEST_P(LedgerContract, Rule10DoneMatchesTheEventAloneAndTakesBackWhatWaits) {
    claim("a", claim_of("e"));
    declare_dead("b", "a");
    claim("b", claim_of("e", 0, 9));
    VerdictRequest retry = verdict_on("e", LedgerStatus::retrying, 0, 9);
    retry.publish = {row_of("e", 1)};
    EXPECT_TRUE(record("b", retry));
    EXPECT_THAT(world().outbox(), ElementsAre("event e/1"));
    VerdictRequest sent = verdict_on("e", LedgerStatus::done);
    sent.publish = {row_of("e", 0, OutboxKind::domain_event)};
    EXPECT_TRUE(record("a", sent));
    EXPECT_THAT(world().outbox(), ElementsAre("domain_event e/0"));
    EXPECT_EQ(claim("b", claim_of("e", 1, 11)), "finished");
    EXPECT_TRUE(record("b", verdict_on("e", LedgerStatus::done, 7, 99))) << "it stands already";
}

TEST_P(LedgerContract, Rule12AVerdictAskedAgainStandsAndCountsOnce) {
    claim("a", claim_of("e"));
    VerdictRequest retry = verdict_on("e", LedgerStatus::retrying);
    retry.counts_attempt = true;
    retry.publish = {row_of("e", 1)};
    EXPECT_EQ(record_all("a", {retry, retry}), std::vector<bool>(2, true));
    EXPECT_TRUE(record("a", retry));
    EXPECT_THAT(world().outbox(), ElementsAre("event e/1"));
    EXPECT_EQ(reply("a", claim_of("e", 1, 2)).attempts, 1U);
    EXPECT_FALSE(record("a", retry)) << "it came back meanwhile";
}

TEST_P(LedgerContract, Rule13ATakeOverWithoutContentAtIsNoAmbiguityWhereItIsKept) {
    world(true);
    claim("a", claim_of("begun", 0, 1));
    claim("a", claim_of("not begun", 0, 2));
    const std::vector<Ledger::ContentRequest> contents = {
        {"order.paid", "begun", 0, 1},
        {"order.paid", "not begun", 0, 1},
        {"order.paid", "begun", 1, 1},
        {"order.paid", "unknown", 0, 1}};
    EXPECT_EQ(begin_content("a", contents), (std::vector<bool>{true, false, false, false}));
    declare_dead("b", "a");
    EXPECT_TRUE(reply("b", claim_of("begun", 0, 1)).content_may_have_left);
    EXPECT_FALSE(reply("b", claim_of("not begun", 0, 2)).content_may_have_left);
    EXPECT_EQ(begin_content("a", contents), std::vector<bool>(4, false)) << "not its own any more";
}

TEST_P(LedgerContract, Rule13WhatAFlightRecorderDoesNotNameHasSurelyNotLeft) {
    claim("a", claim_of("begun"));
    claim("a", claim_of("not begun", 0, 2));
    speak_for("b", "a", {{"begun", false}});
    declare_dead("b", "a");
    EXPECT_TRUE(reply("b", claim_of("begun")).content_may_have_left);
    EXPECT_FALSE(reply("b", claim_of("begun")).already_accepted);
    const ClaimReply taken = reply("b", claim_of("not begun", 0, 2));
    EXPECT_EQ(word(taken.answer), "taken over");
    EXPECT_FALSE(taken.content_may_have_left);
    EXPECT_FALSE(reply("b", claim_of("not begun", 0, 2)).content_may_have_left) << "asked again";
}

TEST_P(LedgerContract, Rule13AFlightOfAnotherClaimIsNotThatOfTheOneThatStands) {
    claim("a", claim_of("e", 0, 2));
    speak_for("b", "a", {{"e", false}});
    declare_dead("b", "a");
    EXPECT_FALSE(reply("b", claim_of("e", 0, 2)).content_may_have_left);
}

TEST_P(LedgerContract, Rule13AnIncompleteFlightRecorderProvesNothingByItsSilence) {
    claim("a", claim_of("e"));
    speak_for("b", "a", {}, false);
    declare_dead("b", "a");
    EXPECT_TRUE(reply("b", claim_of("e")).content_may_have_left);
}

TEST_P(LedgerContract, Rule13AFlightRecorderSpeaksForItsOwnProcessAlone) {
    claim("a", claim_of("e"));
    speak_for("b", "another", {});
    declare_dead("b", "a");
    EXPECT_TRUE(reply("b", claim_of("e")).content_may_have_left);
}

TEST_P(LedgerContract, Rule13ADoubtStaysThoughTheNextProcessDiedBeforeItsContent) {
    claim("a", claim_of("e"));
    speak_for("b", "a", {{"e", false}});
    declare_dead("b", "a");
    EXPECT_TRUE(reply("b", claim_of("e", 0, 5)).content_may_have_left);
    speak_for("c", "b", {});
    declare_dead("c", "b");
    EXPECT_TRUE(reply("c", claim_of("e", 0, 6)).content_may_have_left);
}

TEST_P(LedgerContract, Rule13WhatADeadProcessSawAcceptedIsTakenOverAsSuch) {
    claim("a", claim_of("e"));
    speak_for("b", "a", {{"e", true}});
    speak_for("b", "a", {{"e", true}});
    declare_dead("b", "a");
    const ClaimReply taken = reply("b", claim_of("e", 0, 5));
    EXPECT_EQ(word(taken.answer), "taken over");
    EXPECT_TRUE(taken.already_accepted);
    EXPECT_TRUE(reply("b", claim_of("e", 0, 5)).already_accepted) << "asked again";
    EXPECT_TRUE(record("b", verdict_on("e", LedgerStatus::done, 0, 5)));
}

TEST_P(LedgerContract, Rule13WhatWasAcceptedIsSoForWhoeverHasItNext) {
    claim("a", claim_of("e"));
    declare_dead("b", "a");
    claim("b", claim_of("e", 0, 5));
    record("b", verdict_on("e", LedgerStatus::retrying, 0, 5));
    speak_for("c", "a", {{"e", true}});
    const ClaimReply back = reply("b", claim_of("e", 1, 6));
    EXPECT_EQ(word(back.answer), "granted");
    EXPECT_TRUE(back.already_accepted);
}

TEST_P(LedgerContract, Rule10AnAcceptanceOverrulesTheVerdictOfWhoDidNotKnow) {
    for (const LedgerStatus status : {LedgerStatus::failed, LedgerStatus::ambiguous}) {
        const std::string event_id = "e" + std::to_string(static_cast<int>(status));
        claim("a", claim_of(event_id));
        declare_dead("b", "a");
        claim("b", claim_of(event_id, 0, 5));
        VerdictRequest wrong = verdict_on(event_id, status, 0, 5);
        wrong.publish = {row_of(event_id, 0, OutboxKind::dead_letter)};
        record("b", wrong);
        speak_for("c", "a", {{event_id, true}});
        EXPECT_THAT(world().outbox(), IsEmpty());
        EXPECT_EQ(claim("b", claim_of(event_id, 1, 6)), "stale") << "it is done";
    }
}

}  // namespace
}  // namespace chatear::conformance
