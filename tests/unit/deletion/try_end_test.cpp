#include "deletion/try_end.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using notification::OnAmbiguity;
using runtime::LedgerStatus;
using testing::HasSubstr;
using Kind = MailResult::Kind;

smtp::SendResult result_of(
    smtp::SendStatus status, int code, std::string text, bool content_began = true
) {
    smtp::SendResult result;
    result.status = status;
    result.step = smtp::Step::rcpt;
    result.reply = {code, std::move(text)};
    result.content_began = content_began;
    return result;
}

TryEnd end(const smtp::SendResult& result, bool last = false) {
    return end_of(result, OnAmbiguity::resend, last);
}

TEST(TryEnd, Rule6AnAcceptedTryKeepsItsSlot) {
    const TryEnd accepted = end(result_of(smtp::SendStatus::accepted, 250, "2.0.0 queued"));
    EXPECT_EQ(accepted.result.kind, Kind::accepted);
    EXPECT_EQ(accepted.slot, SlotUse::kept);
    EXPECT_EQ(accepted.status, LedgerStatus::done);
    EXPECT_EQ(accepted.reason, "");
    EXPECT_THAT(accepted.result.reply, HasSubstr("250"));
}

TEST(TryEnd, Rule7OnlyTheseCodesMeanThatThereIsNobody) {
    for (const std::string code : {"5.1.1", "5.1.2", "5.1.6", "5.1.10", "5.2.1"}) {
        const TryEnd nobody = end(result_of(smtp::SendStatus::never, 550, code + " no"));
        EXPECT_EQ(nobody.result.kind, Kind::nobody) << code;
        EXPECT_EQ(nobody.status, LedgerStatus::failed);
        EXPECT_EQ(nobody.slot, SlotUse::passed);
        EXPECT_TRUE(nobody.reason.starts_with(nobody_there)) << nobody.reason;
    }
    for (const std::string code : {"5.1.0", "5.1.3", "5.1.8", "5.2.2", "5.7.1", "no code,"}) {
        const TryEnd never = end(result_of(smtp::SendStatus::never, 550, code + " no"));
        EXPECT_EQ(never.result.kind, Kind::never) << code;
        EXPECT_EQ(never.status, LedgerStatus::failed);
        EXPECT_FALSE(never.reason.starts_with(nobody_there)) << never.reason;
    }
}

TEST(TryEnd, Rule7ARefusalOfOurselvesForGoodStartsNoClock) {
    const TryEnd refused =
        end(result_of(smtp::SendStatus::sender_refused, 550, "5.7.1 blocked", false));
    EXPECT_EQ(refused.result.kind, Kind::never);
    const TryEnd for_now =
        end(result_of(smtp::SendStatus::sender_refused, 451, "4.7.1 slow down", false));
    EXPECT_EQ(for_now.result.kind, Kind::withdrawn);
    EXPECT_EQ(for_now.slot, SlotUse::freed);
    EXPECT_TRUE(for_now.outage);
}

TEST(TryEnd, Rule6ARefusedTryPassesItsSlotOn) {
    const TryEnd later = end(result_of(smtp::SendStatus::try_later, 451, "4.7.1 greylisted"));
    EXPECT_EQ(later.result.kind, Kind::try_later);
    EXPECT_EQ(later.slot, SlotUse::passed);
    EXPECT_EQ(later.status, LedgerStatus::retrying);
    EXPECT_FALSE(later.possible_duplicate);
    const TryEnd last = end(result_of(smtp::SendStatus::try_later, 451, "4.7.1 greylisted"), true);
    EXPECT_EQ(last.status, LedgerStatus::failed);
}

TEST(TryEnd, Rule4WhatNobodyJudgedIsNoTry) {
    smtp::SendResult held_back;
    held_back.held_back = true;
    held_back.content_began = false;
    for (const TryEnd& no_try :
         {end(held_back), end(result_of(smtp::SendStatus::not_sent, 0, "closed", false))}) {
        EXPECT_EQ(no_try.result.kind, Kind::withdrawn);
        EXPECT_EQ(no_try.slot, SlotUse::freed);
        EXPECT_EQ(no_try.status, LedgerStatus::deferred);
    }
    EXPECT_FALSE(end(held_back).outage);
    EXPECT_TRUE(end(result_of(smtp::SendStatus::not_sent, 0, "closed", false)).outage);
    const TryEnd within = end(result_of(smtp::SendStatus::not_sent, 0, "closed", true));
    EXPECT_EQ(within.result.kind, Kind::try_later);
    EXPECT_EQ(within.result.reply, "");
}

TEST(TryEnd, Rule7WhatNobodyKnowsIsSentAgainOrHeldAsConfigured) {
    const smtp::SendResult doubt = result_of(smtp::SendStatus::in_doubt, 0, "timed out");
    const TryEnd resend = end_of(doubt, OnAmbiguity::resend, false);
    EXPECT_EQ(resend.result.kind, Kind::try_later);
    EXPECT_EQ(resend.slot, SlotUse::kept);
    EXPECT_EQ(resend.status, LedgerStatus::retrying);
    EXPECT_TRUE(resend.possible_duplicate);
    const TryEnd hold = end_of(doubt, OnAmbiguity::hold, false);
    EXPECT_EQ(hold.result.kind, Kind::ambiguous);
    EXPECT_EQ(hold.slot, SlotUse::kept);
    EXPECT_EQ(hold.status, LedgerStatus::ambiguous);
}

}  // namespace
}  // namespace chatear::deletion
