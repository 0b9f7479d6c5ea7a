// Rules 6 to 13 of events, for the mails that deletions depend on.
#include "base/clock.hpp"
#include "base/digest.hpp"
#include "support/claim_answer.hpp"
#include "support/conformance/mail_judge_contract.hpp"

#include <utility>

namespace chatear::conformance {

using runtime::ClaimAnswer;
using runtime::LedgerStatus;

runtime::Event MailJudgeContract::event(const Try& by) {
    runtime::Event event;
    event.message.subject = "email.send";
    event.event_id = world().mail();
    event.generation = by.generation;
    event.published_at = SystemClock().now();
    event.content_sha256 = sha256(event.event_id);
    return event;
}

runtime::Claim MailJudgeContract::claim_of(const runtime::Event& event, const Try& by) {
    runtime::Claim claim;
    claim.event_id = event.event_id;
    claim.generation = by.generation;
    claim.claim_no = by.claim_no;
    return claim;
}

runtime::ClaimReply MailJudgeContract::claim(const Try& by, const std::string& recipient) {
    const runtime::Event asked = event(by);
    const std::vector<std::optional<std::string>> details{
        recipient, "account_recovery", "<1@example.test>", "true"};
    runtime::Judge& judge = world().judge(by.process);
    runtime::ClaimReply reply;
    world().run([&]() -> asio::awaitable<void> {
        reply = co_await judge.claim(asked, by.claim_no, details);
    });
    return reply;
}

bool MailJudgeContract::record(const Try& by, LedgerStatus status, const MailEnd& end) {
    const runtime::Event about = event(by);
    const runtime::Claim claim = claim_of(about, by);
    runtime::Verdict verdict;
    verdict.status = status;
    verdict.counts_attempt = status != LedgerStatus::deferred;
    verdict.reason = status == LedgerStatus::done ? "" : "a test";
    const std::vector<std::optional<std::string>> details{end.reply, end.error, end.recipient};
    runtime::Judge& judge = world().judge(by.process);
    runtime::Settlement settlement;
    world().run([&]() -> asio::awaitable<void> {
        settlement = co_await judge.record(about, claim, verdict, details);
    });
    return settlement.action == runtime::Settlement::Action::ack;
}

bool MailJudgeContract::begin_content(const Try& by) {
    const runtime::Event about = event(by);
    runtime::Claim claim = claim_of(about, by);
    runtime::Judge& judge = world().judge(by.process);
    bool allowed = false;
    world().run([&]() -> asio::awaitable<void> {
        allowed = co_await judge.begin_content(about, claim);
    });
    return allowed;
}

std::string MailJudgeContract::asked(const Try& by) {
    return word(claim(by).answer);
}

namespace {

TEST_P(MailJudgeContract, Rule6WhoComesFirstHasTheMailAndAsksAgainAsOftenAsItLikes) {
    EXPECT_EQ(world().record().has_value(), false);
    EXPECT_EQ(asked({"a", 1}), "granted");
    EXPECT_EQ(asked({"a", 1}), "granted") << "the answer may have been lost";
    EXPECT_EQ(asked({"a", 2}), "held") << "another handler of the same process";
    EXPECT_EQ(asked({"b", 1}), "held");
    EXPECT_EQ(row().status, LedgerStatus::working);
    EXPECT_EQ(row().recipient, "ann@example.test");
    EXPECT_EQ(row().attempts, 0U);
}

TEST_P(MailJudgeContract, Rule7WhatADeadProcessHadIsTakenOver) {
    EXPECT_EQ(asked({"a", 1}), "granted");
    EXPECT_EQ(asked({"b", 1}), "held");
    world().dies("a");
    const runtime::ClaimReply reply = claim({"b", 1});
    EXPECT_EQ(reply.answer, ClaimAnswer::taken_over);
    EXPECT_EQ(reply.takeovers, 1U);
    EXPECT_EQ(asked({"b", 1}), "taken over") << "the same pair gets the same answer";
    EXPECT_EQ(asked({"c", 1}), "held");
    world().dies("b");
    EXPECT_EQ(claim({"c", 1}).takeovers, 2U);
}

TEST_P(MailJudgeContract, Rule7WhoIsTakenForDeadAndLivesTakesNothingOverFromItself) {
    EXPECT_EQ(asked({"a", 1}), "granted");
    world().dies("a");
    EXPECT_EQ(asked({"a", 2}), "held");
    EXPECT_EQ(asked({"a", 1}), "granted");
}

TEST_P(MailJudgeContract, Rule7TakeoversAreCountedWithinOneGeneration) {
    asked({"a", 1});
    world().dies("a");
    EXPECT_EQ(asked({"b", 1}), "taken over");
    EXPECT_TRUE(record({"b", 1}, LedgerStatus::retrying));
    const runtime::ClaimReply next = claim({"b", 2, 1});
    EXPECT_EQ(next.answer, ClaimAnswer::granted);
    EXPECT_EQ(next.takeovers, 0U);
    EXPECT_FALSE(next.content_may_have_left);
}

TEST_P(MailJudgeContract, Rule13AContentThatBeganUnderADeadProcessMayHaveLeft) {
    asked({"a", 1});
    EXPECT_TRUE(begin_content({"a", 1}));
    world().dies("a");
    EXPECT_TRUE(claim({"b", 1}).content_may_have_left);
    EXPECT_TRUE(claim({"b", 1}).content_may_have_left) << "asked again it is so still";
}

TEST_P(MailJudgeContract, Rule13WhereItsBeginIsNotedAContentThatDidNotBeginHasNotLeft) {
    asked({"a", 1});
    world().dies("a");
    EXPECT_EQ(claim({"b", 1}).content_may_have_left, !notes_content());
}

TEST_P(MailJudgeContract, Rule7NoContentBeginsUnderAClaimThatWasLostWithTheLease) {
    asked({"a", 1});
    world().dies("a");
    EXPECT_EQ(asked({"b", 1}), "taken over");
    EXPECT_TRUE(begin_content({"b", 1}));
    EXPECT_FALSE(begin_content({"a", 1}));
    EXPECT_FALSE(begin_content({"b", 2})) << "a claim that nobody has";
}

TEST_P(MailJudgeContract, Rule7WhoeverTookAClaimAndDiedToLeavesItToNoStaleOwner) {
    asked({"a", 1});
    world().dies("a");
    EXPECT_EQ(asked({"b", 1}), "taken over");
    EXPECT_TRUE(begin_content({"b", 1}));
    world().dies("b");
    EXPECT_FALSE(begin_content({"a", 1})) << "its content may have left";
    const runtime::ClaimReply next = claim({"c", 1});
    EXPECT_EQ(next.takeovers, 2U);
    EXPECT_TRUE(next.content_may_have_left);
}

TEST_P(MailJudgeContract, Rule8AnAcceptedMailIsFinishedForEver) {
    asked({"a", 1});
    const Time before = world().now();
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::done, {.reply = "250 ok"}));
    const deletion::MailRecord sent = row();
    EXPECT_EQ(sent.status, LedgerStatus::done);
    EXPECT_EQ(sent.attempts, 1U);
    EXPECT_EQ(sent.reply, "250 ok");
    EXPECT_GE(sent.sent_at, before);
    EXPECT_EQ(asked({"b", 1}), "finished");
    EXPECT_EQ(asked({"b", 2, 1}), "stale") << "also for a replay";
    EXPECT_EQ(row().sent_at, sent.sent_at);
}

TEST_P(MailJudgeContract, Rule8WhatEndedOtherwiseIsFinishedUntilAReplay) {
    asked({"a", 1});
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::failed));
    EXPECT_EQ(asked({"a", 2}), "finished");
    EXPECT_EQ(asked({"a", 3, 1}), "granted");
    EXPECT_EQ(asked({"a", 4, 0}), "stale");
    EXPECT_TRUE(record({"a", 3, 1}, LedgerStatus::ambiguous));
    EXPECT_EQ(asked({"a", 5, 1}), "finished");
    EXPECT_EQ(row().attempts, 2U);
    EXPECT_EQ(row().sent_at, std::nullopt);
}

TEST_P(MailJudgeContract, Rule11AMailThatWaitsComesBackOneGenerationOn) {
    asked({"a", 1});
    MailEnd end;
    end.reply = "450 later";
    end.error = "the mail server wants it later";
    end.recipient = "new@example.test";
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::retrying, end));
    EXPECT_EQ(row().status, LedgerStatus::retrying);
    EXPECT_EQ(row().generation, 1U);
    EXPECT_EQ(row().attempts, 1U);
    EXPECT_EQ(row().reply, "450 later");
    EXPECT_EQ(row().recipient, "new@example.test") << "of the last try";
    EXPECT_EQ(asked({"b", 1, 0}), "stale");
    EXPECT_EQ(claim({"b", 2, 1}, "another@example.test").attempts, 1U);
    EXPECT_EQ(row().recipient, "new@example.test") << "a claim changes it not";
    EXPECT_TRUE(record({"b", 2, 1}, LedgerStatus::deferred));
    EXPECT_EQ(row().status, LedgerStatus::deferred);
    EXPECT_EQ(row().generation, 2U);
    EXPECT_EQ(row().attempts, 1U) << "a deferral counts no attempt";
    EXPECT_EQ(row().reply, "a test") << "where no server said anything it is the reason";
    EXPECT_EQ(asked({"a", 2, 2}), "granted");
}

TEST_P(MailJudgeContract, Rule10AVerdictUnderALostClaimStandsOnlyWhenTheMailWasAccepted) {
    asked({"a", 1});
    world().dies("a");
    EXPECT_EQ(asked({"b", 1}), "taken over");
    EXPECT_FALSE(record({"a", 1}, LedgerStatus::retrying));
    EXPECT_FALSE(record({"a", 1}, LedgerStatus::failed));
    EXPECT_EQ(row().status, LedgerStatus::working);
    EXPECT_EQ(row().generation, 0U);
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::done)) << "it is true, whoever says it";
    EXPECT_EQ(row().status, LedgerStatus::done);
    EXPECT_FALSE(record({"b", 1}, LedgerStatus::failed));
    EXPECT_EQ(row().status, LedgerStatus::done);
}

TEST_P(MailJudgeContract, Rule10AVerdictThatStandsAlreadyStandsAgainAndCountsOnce) {
    asked({"a", 1});
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::retrying));
    EXPECT_TRUE(record({"a", 1}, LedgerStatus::retrying)) << "the answer may have been lost";
    EXPECT_EQ(row().attempts, 1U);
    EXPECT_EQ(row().generation, 1U);
    EXPECT_FALSE(record({"a", 1}, LedgerStatus::failed)) << "another one does not";
    asked({"a", 2, 1});
    EXPECT_TRUE(record({"a", 2, 1}, LedgerStatus::done));
    const deletion::MailRecord sent = row();
    EXPECT_TRUE(record({"a", 2, 1}, LedgerStatus::done));
    EXPECT_EQ(row().attempts, 2U);
    EXPECT_EQ(row().sent_at, sent.sent_at);
}

TEST_P(MailJudgeContract, Rule10AVerdictOnAMailThatNobodyClaimedIsDropped) {
    EXPECT_FALSE(record({"a", 1}, LedgerStatus::retrying));
    EXPECT_EQ(world().record().has_value(), false);
}

}  // namespace
}  // namespace chatear::conformance
