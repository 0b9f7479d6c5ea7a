#include "runtime/ledger_judge.hpp"

#include "fakes.hpp"
#include "net/timer.hpp"
#include "support/coroutine.hpp"
#include "support/memory_outbox.hpp"
#include "support/memory_suspects.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using namespace std::chrono_literals;

/// Answers what the test says, and keeps what it was asked.
class AnsweringLedger final : public Ledger {
public:
    asio::awaitable<std::vector<ClaimReply>> claim(std::vector<ClaimRequest> requests) override {
        outage.check();
        claims.insert(claims.end(), requests.begin(), requests.end());
        ClaimReply reply;
        reply.answer = answer;
        co_return std::vector<ClaimReply>(requests.size(), reply);
    }
    asio::awaitable<std::vector<bool>> record(std::vector<VerdictRequest> requests) override {
        ++record_calls;
        if (failures > 0) {
            --failures;
            throw Unavailable("postgres", "test:1", "down");
        }
        verdicts.insert(verdicts.end(), requests.begin(), requests.end());
        co_return std::vector<bool>(requests.size(), stands);
    }
    asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> requests
    ) override {
        contents += requests.size();
        if (meanwhile) {
            meanwhile();
        }
        co_return std::vector<bool>(requests.size(), stands);
    }
    asio::awaitable<void> speak_for(FlightLog /*dead*/) override { co_return; }
    asio::awaitable<std::size_t> remove_final_rows(
        std::chrono::milliseconds /*age*/, std::size_t /*most*/
    ) override {
        co_return 0;
    }

    Outage outage{"postgres"};
    ClaimAnswer answer = ClaimAnswer::granted;
    bool stands = true;
    int failures = 0;
    int record_calls = 0;
    std::size_t contents = 0;
    std::function<void()> meanwhile;  ///< While content_at is written.
    std::vector<ClaimRequest> claims;
    std::vector<VerdictRequest> verdicts;
};

class LedgerJudgeTest : public testing::Test {
protected:
    LedgerJudgeTest() {
        event_.message.subject = "email.send";
        event_.event_id = "order-7";
        event_.generation = 2;
        claim_.event_id = "order-7";
        claim_.generation = 2;
        claim_.claim_no = 41;
        gate_.renewed(clock_.boot_time());
        claim_.lease_number = gate_.lease_number();
    }

    LedgerJudge& judge(bool notes_content = false) {
        judge_.emplace(
            context_.get_executor(), ledger_, outbox_, suspects_, gate_, notes_content, &flights_
        );
        return *judge_;
    }

    void run(const std::function<asio::awaitable<void>()>& test) {
        test::run_coroutine(context_, test);
    }

    bool begin_content(bool notes_content = false) {
        bool allowed = false;
        LedgerJudge& judge_used = judge(notes_content);
        run([&]() -> asio::awaitable<void> {
            allowed = co_await judge_used.begin_content(event_, claim_);
        });
        return allowed;
    }

    /// What a successor of this process would read now.
    std::vector<Flight> flights() const { return FlightBook::read(memory_)->flights; }

    Settlement record() {
        Settlement settlement;
        LedgerJudge& judge_used = judge();
        run([&]() -> asio::awaitable<void> {
            Verdict verdict;
            verdict.reason = "r";
            std::vector<std::optional<std::string>> none;
            settlement =
                co_await judge_used.record(event_, claim_, std::move(verdict), std::move(none));
        });
        return settlement;
    }

    asio::io_context context_;
    ManualClock clock_{Time()};
    ContentGate gate_{clock_};
    std::vector<std::byte> memory_ = std::vector<std::byte>(FlightBook::bytes_for(4));
    FlightBook flights_{memory_, "instance", "boot"};
    AnsweringLedger ledger_;
    test::MemoryOutbox outbox_{context_.get_executor()};
    test::SuspectsTable suspects_table_;
    test::MemorySuspects suspects_{suspects_table_, "a"};
    Event event_;
    Claim claim_;
    std::optional<LedgerJudge> judge_;
};

using Rule7Judge = LedgerJudgeTest;
using Rule10Judge = LedgerJudgeTest;
using Rule12Judge = LedgerJudgeTest;
using Rule13Judge = LedgerJudgeTest;
using Rule19Judge = LedgerJudgeTest;

TEST_F(LedgerJudgeTest, AClaimNamesItsHandler) {
    LedgerJudge& judge_used = judge();
    run([&]() -> asio::awaitable<void> {
        std::vector<std::optional<std::string>> none;
        const ClaimReply reply = co_await judge_used.claim(event_, 41, std::move(none));
        EXPECT_EQ(reply.answer, ClaimAnswer::granted);
    });
    ASSERT_EQ(ledger_.claims.size(), 1U);
    EXPECT_EQ(ledger_.claims[0].subject, "email.send");
    EXPECT_EQ(ledger_.claims[0].event_id, "order-7");
    EXPECT_EQ(ledger_.claims[0].generation, 2U);
    EXPECT_EQ(ledger_.claims[0].claim_no, 41U);
}

TEST_F(LedgerJudgeTest, AClaimInAnOutageIsUnavailable) {
    ledger_.outage.down = true;
    LedgerJudge& judge_used = judge();
    const auto test = [&]() -> asio::awaitable<void> {
        std::vector<std::optional<std::string>> none;
        (void)co_await judge_used.claim(event_, 41, std::move(none));
    };
    EXPECT_THROW(run(test), Unavailable);
}

TEST_F(Rule12Judge, AVerdictIsRepeatedUntilItCommits) {
    ledger_.failures = 2;
    EXPECT_EQ(record().action, Settlement::Action::ack);
    EXPECT_EQ(ledger_.record_calls, 3);
    ASSERT_EQ(ledger_.verdicts.size(), 1U);
    EXPECT_EQ(ledger_.verdicts[0].claim_no, 41U);
    EXPECT_EQ(ledger_.verdicts[0].generation, 2U);
    EXPECT_TRUE(gate_.verdicts_flow());
}

TEST_F(Rule10Judge, AVerdictThatMatchesNothingIsDropped) {
    ledger_.stands = false;
    EXPECT_EQ(record().action, Settlement::Action::drop);
}

TEST_F(Rule12Judge, NoContentBeginsWhileAVerdictWaits) {
    const ContentGate::Waiting waiting(gate_);
    clock_.advance(2s);
    EXPECT_FALSE(begin_content());
}

TEST_F(Rule7Judge, ContentBeginsWithAFreshLeaseWithoutAnotherClaim) {
    EXPECT_TRUE(begin_content());
    EXPECT_TRUE(ledger_.claims.empty());
    EXPECT_EQ(ledger_.contents, 0U);
}

TEST_F(Rule7Judge, NoContentBeginsWithoutARenewal) {
    clock_.advance(21s);
    EXPECT_FALSE(begin_content());
}

TEST_F(Rule7Judge, AfterALeaseThatRanOutTheLedgerIsAskedWhetherTheClaimIsStillOurs) {
    clock_.advance(21s);
    gate_.renewed(clock_.boot_time());
    EXPECT_TRUE(begin_content());
    EXPECT_EQ(ledger_.contents, 1U);
    EXPECT_EQ(claim_.lease_number, gate_.lease_number());
    EXPECT_TRUE(begin_content());
    EXPECT_EQ(ledger_.contents, 1U) << "once";
}

TEST_F(Rule7Judge, AClaimThatAnotherTookMeanwhileIsNotTakenBack) {
    clock_.advance(21s);
    gate_.renewed(clock_.boot_time());
    ledger_.stands = false;
    EXPECT_FALSE(begin_content());
    EXPECT_FALSE(begin_content());
    EXPECT_TRUE(ledger_.claims.empty()) << "it may have died with the content under way";
}

TEST_F(Rule13Judge, HoldCommitsThatTheContentBegins) {
    EXPECT_TRUE(begin_content(true));
    EXPECT_EQ(ledger_.contents, 1U);
    ledger_.stands = false;
    EXPECT_FALSE(begin_content(true)) << "the claim is not ours any more";
}

TEST_F(Rule7Judge, ALeaseLostAndRenewedWhileTheContentIsNotedBeginsNothing) {
    ledger_.meanwhile = [this] {
        clock_.advance(40s);  // Another process may have taken the claim, and be sending.
        gate_.renewed(clock_.boot_time());
    };
    EXPECT_FALSE(begin_content(true));
    EXPECT_TRUE(gate_.lease_fresh());
}

TEST_F(Rule12Judge, NoContentBeginsWhenAVerdictHasWaitedMeanwhile) {
    const ContentGate::Waiting waiting(gate_);
    ledger_.meanwhile = [this] { clock_.advance(2s); };
    EXPECT_FALSE(begin_content(true));
}

TEST_F(Rule7Judge, WhereTheLeaseIsFreshAContentBeginsAtOnceAndIsRecordedOnce) {
    LedgerJudge& judge_used = judge();
    EXPECT_EQ(judge_used.begin_content_at_once(event_, claim_), std::optional(true));
    EXPECT_EQ(judge_used.begin_content_at_once(event_, claim_), std::optional(true));
    EXPECT_EQ(ledger_.contents, 0U);
    EXPECT_EQ(flights().size(), 1U);
}

TEST_F(Rule7Judge, WhereTheLedgerMustBeAskedFirstNothingBeginsAtOnce) {
    EXPECT_EQ(judge(true).begin_content_at_once(event_, claim_), std::nullopt) << "hold";
    clock_.advance(21s);
    EXPECT_EQ(judge().begin_content_at_once(event_, claim_), std::optional(false)) << "no lease";
    gate_.renewed(clock_.boot_time());
    EXPECT_EQ(judge().begin_content_at_once(event_, claim_), std::nullopt) << "another lease";
    EXPECT_TRUE(flights().empty());
}

TEST_F(LedgerJudgeTest, NothingBeginsOnceTheProcessStops) {
    gate_.close();
    EXPECT_EQ(judge().begin_content_at_once(event_, claim_), std::optional(false));
    EXPECT_FALSE(begin_content());
}

TEST_F(Rule19Judge, TheEndOfASuspectWaitsOutAnOutage) {
    suspects_table_.rows[{"email.send", "order-7"}].instance = "a";
    suspects_table_.down = true;
    LedgerJudge& judge_used = judge();
    run([&]() -> asio::awaitable<void> {
        asio::post(context_, [this] {
            asio::post(context_, [this] { suspects_table_.down = false; });
        });
        co_await judge_used.end_alone(event_);
    });
    EXPECT_TRUE(suspects_table_.rows.empty());
}

TEST_F(LedgerJudgeTest, ADeadLetterWithoutAClaimWaitsOutAnOutage) {
    outbox_.down = true;
    LedgerJudge& judge_used = judge();
    run([&]() -> asio::awaitable<void> {
        OutboxRow row;
        row.event_id = "conflict";
        asio::post(context_, [this] {
            asio::post(context_, [this] {
                asio::post(context_, [this] { outbox_.down = false; });
            });
        });
        co_await judge_used.bury(std::move(row));
    });
    ASSERT_EQ(outbox_.added.size(), 1U);
    EXPECT_EQ(outbox_.added[0].event_id, "conflict");
}

TEST_F(Rule13Judge, AContentStandsInTheFlightRecorderUntilItsVerdictDoes) {
    EXPECT_TRUE(begin_content());
    ASSERT_EQ(flights().size(), 1U);
    EXPECT_EQ(flights()[0].event_id, "order-7");
    EXPECT_EQ(flights()[0].subject, "email.send");
    EXPECT_EQ(flights()[0].generation, 2U);
    EXPECT_EQ(flights()[0].claim_no, 41U);
    EXPECT_TRUE(begin_content()) << "asked twice, recorded once";
    ASSERT_EQ(flights().size(), 1U);
    judge_->content_answered(claim_, true, "250 queued");
    ASSERT_EQ(flights().size(), 1U);
    EXPECT_TRUE(flights()[0].accepted);
    EXPECT_EQ(flights()[0].words, "250 queued");
    record();
    EXPECT_TRUE(flights().empty());
}

TEST_F(Rule13Judge, AContentThatWasRefusedIsForgottenAtOnce) {
    EXPECT_TRUE(begin_content());
    judge_->content_answered(claim_, false, "550 no");
    EXPECT_TRUE(flights().empty());
    record();
    EXPECT_TRUE(flights().empty());
}

TEST_F(Rule13Judge, OfSeveralContentsTheFirstStaysInDoubtWhateverIsSaidOfTheLast) {
    EXPECT_TRUE(begin_content());
    judge_->content_answered(claim_, true, "250 first");
    EXPECT_TRUE(begin_content());
    ASSERT_EQ(flights().size(), 1U);
    EXPECT_FALSE(flights()[0].accepted) << "the second is under way";
    judge_->content_answered(claim_, false, "550 second");
    ASSERT_EQ(flights().size(), 1U);
    EXPECT_FALSE(flights()[0].accepted);
    record();
    EXPECT_TRUE(flights().empty());
}

TEST_F(Rule13Judge, WhatMustNotBeginIsNotRecorded) {
    gate_.close();
    EXPECT_FALSE(begin_content());
    EXPECT_TRUE(flights().empty());
    judge_->content_answered(claim_, true, "250 queued");
    EXPECT_TRUE(flights().empty());
}

}  // namespace
}  // namespace chatear::runtime
