#include "deletion/audit_actions.hpp"
#include "deletion/recovery_token.hpp"
#include "mailer_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using runtime::LedgerStatus;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// Quoted-printable breaks lines as it likes (RFC 2045, 6.7).
std::string without_soft_breaks(std::string text) {
    const std::string soft = "=\r\n";
    for (std::size_t at = text.find(soft); at != std::string::npos; at = text.find(soft, at)) {
        text.erase(at, soft.size());
    }
    return text;
}

TEST_F(Mailer, Rule4SendsTheMailUnderTheIdOfItsDeletionAndNumber) {
    job_.deletion.mail_number = 3;
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(judge_.claims, ElementsAre("d1.3"));
    EXPECT_THAT(transport_.recipients, ElementsAre(address));
    ASSERT_THAT(judge_.recorded, SizeIs(1));
    EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::done);
    EXPECT_THAT(judge_.recorded[0].verdict.publish, IsEmpty());
    EXPECT_EQ(judge_.recorded[0].details.at(2), address);
}

TEST_F(Mailer, Rule4AnAcceptedMailIsScheduledByWhatTheLedgerSays) {
    handle();
    EXPECT_THAT(store_.applied, IsEmpty());
    record(LedgerStatus::done).sent_at = at(11, 59);
    EXPECT_EQ(handle(), Handled::moved);
    const Change& change = only_change();
    EXPECT_EQ(change.after.status, Status::scheduled);
    EXPECT_EQ(change.after.recovery_sent_at, at(11, 59));
    EXPECT_EQ(change.after.scheduled_at, at(11, 59) + hours(24));
    EXPECT_EQ(change.after.address_hash, address_hash(address));
    EXPECT_EQ(changes_, 1);
}

TEST_F(Mailer, Rule5TheLinkHasATokenOfWhichOnlyTheDigestIsStored) {
    handle();
    ASSERT_THAT(store_.tokens, SizeIs(1));
    const std::string& content = transport_.contents.at(0);
    const std::size_t link = content.find("https://chat.example.test/recover?token=");
    ASSERT_NE(link, std::string::npos);
    const std::string token = content.substr(link + 40, 64);
    EXPECT_EQ(recovery_token_sha256(token), store_.tokens.begin()->first);
}

TEST_F(Mailer, TheMailSaysWhenInUtcAndWhereTheUserLivesInTheUsersLanguage) {
    job_.user->locale = "pt-BR";
    job_.user->name = "Ana";
    job_.user->time_zone = "America/Sao_Paulo";
    handle();
    const std::string content = without_soft_breaks(transport_.contents.at(0));
    EXPECT_THAT(content, HasSubstr("2026-11-26 12:00 UTC (2026-11-26 09:00, America/Sao_Paulo)"));
    EXPECT_THAT(content, HasSubstr("Ana!"));
}

TEST_F(Mailer, AZoneOrALocaleThatIsNoneKeepsNoMail) {
    job_.user->locale = "pt_BR.UTF-8";
    job_.user->time_zone = "Middle/Earth";
    handle();
    EXPECT_THAT(transport_.contents.at(0), HasSubstr("2026-11-26 12:00 UTC, as"));
    EXPECT_THAT(transport_.contents.at(0), HasSubstr("Hello,"));
}

TEST_F(Mailer, Rule6PostgresGivesTheSlotAndRedisIsAskedToo) {
    handle();
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0"));
    EXPECT_THAT(limits_.asked(), ElementsAre(Pair("1", 0)));
}

TEST_F(Mailer, Rule6OverTheLimitItWaitsForTheNextUtcDay) {
    take_slot("x.1.0.0");
    take_slot("y.1.0.0");
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(transport_.recipients, IsEmpty());
    EXPECT_EQ(only_change().after.next_mail_at, at(0, 0, 26));
    EXPECT_EQ(only_change().after.status, Status::queued);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::deferred);
}

TEST_F(Mailer, Rule6WhatOthersCountedInRedisIsRespectedAndCostsNoSlot) {
    limits_.count_for_others("user:email:count:7:2026-11-25", 2);
    handle();
    EXPECT_THAT(transport_.recipients, IsEmpty());
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
    EXPECT_EQ(only_change().after.next_mail_at, at(0, 0, 26));
}

TEST_F(Mailer, WithoutRedisNoMailLeavesAndNoTryIsCounted) {
    limits_.down = true;
    EXPECT_EQ(handle(), Handled::outage);
    EXPECT_THAT(transport_.recipients, IsEmpty());
    EXPECT_EQ(only_change().after.mail_attempts, 0);
    EXPECT_GT(only_change().after.next_mail_at, store_.day.now);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::deferred);
    EXPECT_FALSE(judge_.recorded.at(0).verdict.counts_attempt);
}

TEST_F(Mailer, Rule6TheSlotBelongsToTheDayInWhichTheContentBegins) {
    const DayState before{.now = at(23, 59), .day = "2026-11-25"};
    const DayState after{.now = at(0, 0, 26), .day = "2026-11-26"};
    store_.day = before;
    judge_.while_content_is_noted = [&] { store_.day = after; };
    handle();
    EXPECT_THAT(transport_.recipients, ElementsAre(address));
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::deferred);
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
    EXPECT_EQ(only_change().after.mail_attempts, 0);
}

TEST_F(Mailer, Rule6ARefusedTryPassesItsSlotToTheNext) {
    transport_.results = {
        ScriptedTransport::answer(smtp::SendStatus::try_later, 451, "4.7.1 greylisted")};
    handle();
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.1.0"));
    EXPECT_EQ(only_change().after.mail_attempts, 1);
    EXPECT_EQ(only_change().audit.at(0).action, audit::mail_postponed);
    job_.deletion = only_change().after;
    record(LedgerStatus::retrying).attempts = 1;
    job_.record->generation = 1;
    handle();
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.1.0"));
    EXPECT_THAT(limits_.asked(), ElementsAre(Pair("1", 0), Pair("1", 0)));
    EXPECT_EQ(judge_.recorded.at(1).generation, 1U);
}

TEST_F(Mailer, Rule4AfterTheLastTryAPersonHasToLook) {
    settings_.retry.max_attempts = 3;
    job_.deletion.mail_attempts = 2;
    transport_.results = {ScriptedTransport::answer(smtp::SendStatus::try_later, 451, "4.2.0 no")};
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::failed);
}

TEST_F(Mailer, Rule7AddressedToNobodyTheClockStartsWhereTheRelayWorks) {
    transport_.results = {ScriptedTransport::answer(smtp::SendStatus::never, 550, "5.1.1 nobody")};
    handle();
    EXPECT_EQ(only_change().after.status, Status::scheduled);
    EXPECT_EQ(only_change().after.recovery_sent_at, store_.day.now);
    EXPECT_EQ(only_change().audit.at(0).action, audit::mail_refused);
}

TEST_F(Mailer, Rule7ARelayThatRefusesEverybodyStartsNoClock) {
    store_.last_accepted.reset();
    transport_.results = {ScriptedTransport::answer(smtp::SendStatus::never, 550, "5.1.1 nobody")};
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
}

TEST_F(Mailer, Rule7AnyOtherRefusalForGoodIsHeld) {
    transport_.results = {
        ScriptedTransport::answer(smtp::SendStatus::never, 552, "5.3.4 too large"),
        ScriptedTransport::answer(smtp::SendStatus::sender_refused, 550, "5.7.1 blocked", false)};
    handle();
    handle();
    ASSERT_THAT(store_.applied, SizeIs(2));
    EXPECT_EQ(store_.applied[0].after.status, Status::held);
    EXPECT_EQ(store_.applied[1].after.status, Status::held);
}

TEST_F(Mailer, Rule7AnAmbiguousMailIsHeldWhereAPersonShallDecide) {
    settings_.on_ambiguity = notification::OnAmbiguity::hold;
    transport_.results = {ScriptedTransport::answer(smtp::SendStatus::in_doubt, 0, "silence")};
    handle();
    EXPECT_EQ(only_change().after.status, Status::held);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::ambiguous);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0"));
    EXPECT_EQ(duplicates_, 1);
}

TEST_F(Mailer, AnUnknownEndIsTriedAgainAndKeepsItsSlotUnlessAPersonShallDecide) {
    transport_.results = {ScriptedTransport::answer(smtp::SendStatus::in_doubt, 0, "silence")};
    handle();
    EXPECT_EQ(only_change().after.status, Status::queued);
    EXPECT_EQ(only_change().after.mail_attempts, 1);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.1.0.0"));
}

TEST_F(Mailer, Rule12ARelayThatIsDownCostsNoTryNoSlotAndNoToken) {
    transport_.down = true;
    EXPECT_EQ(handle(), Handled::outage);
    EXPECT_THAT(store_.tokens, IsEmpty());
    EXPECT_EQ(only_change().after.mail_attempts, 0);
    EXPECT_EQ(only_change().after.status, Status::queued);
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
}

TEST_F(Mailer, WhatALivingProcessHasIsLeftAlone) {
    for (const runtime::ClaimAnswer answer :
         {runtime::ClaimAnswer::held,
          runtime::ClaimAnswer::stale,
          runtime::ClaimAnswer::finished,
          runtime::ClaimAnswer::conflict}) {
        judge_.reply.answer = answer;
        EXPECT_EQ(handle(), Handled::nothing);
    }
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
    EXPECT_THAT(store_.tokens, IsEmpty());
    EXPECT_THAT(store_.applied, IsEmpty());
    EXPECT_THAT(transport_.recipients, IsEmpty());
}

TEST_F(Mailer, Rule6ASlotIsCountedOnceInRedisWhicheverDeletionOfItsUserHasIt) {
    transport_.down = true;
    handle();
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
    transport_.down = false;
    for (const std::string id : {"d2", "d3"}) {
        job_.deletion.id = id;
        handle();
    }
    EXPECT_THAT(transport_.recipients, SizeIs(2));
}

TEST_F(Mailer, Rule6WhoLosesTheClaimBeforeTheContentLeavesNoSlotBehind) {
    judge_.allows = false;
    judge_.settlement.action = runtime::Settlement::Action::drop;
    EXPECT_EQ(handle(), Handled::nothing);
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
}

TEST_F(Mailer, Rule6WhoIsRefusedBeforeMidnightAsksAgainAfterIt) {
    take_slot("x.1.0.0");
    take_slot("y.1.0.0");
    judge_.while_verdict_is_written = [&] { store_.day.now = at(0, 5, 26); };
    handle();
    EXPECT_EQ(only_change().after.next_mail_at, at(0, 0, 26)) << "not a day later";
}

TEST_F(Mailer, AClaimThatWasLostDecidesNothing) {
    judge_.settlement.action = runtime::Settlement::Action::drop;
    transport_.results = {
        ScriptedTransport::answer(smtp::SendStatus::never, 552, "5.3.4 too large")};
    EXPECT_EQ(handle(), Handled::nothing);
    EXPECT_THAT(store_.applied, IsEmpty());
}

TEST_F(Mailer, AClaimIsGivenBackWhateverGoesWrong) {
    for (const std::string what : {"take_mail_slot", "add_token"}) {
        judge_.recorded.clear();
        store_.breaks_at = what;
        EXPECT_EQ(handle(), Handled::moved);
        ASSERT_THAT(judge_.recorded, SizeIs(1)) << what;
        EXPECT_EQ(judge_.recorded[0].verdict.status, LedgerStatus::deferred);
        EXPECT_THAT(store_.slots.holders(), IsEmpty());
    }
}

TEST_F(Mailer, ARecoveryBeforeTheContentKeepsTheMailFromLeaving) {
    store_.new_token_state = TokenState::cancelled;
    store_.changes_happen = false;
    EXPECT_EQ(handle(), Handled::nothing);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::deferred);
    EXPECT_EQ(changes_, 0);
}

TEST_F(Mailer, WithoutAnAddressItIsHeldAndWithoutAUserItFails) {
    job_.user->email = "not an address";
    handle();
    EXPECT_EQ(store_.applied.at(0).after.status, Status::held);
    job_.user.reset();
    handle();
    EXPECT_EQ(store_.applied.at(1).after.status, Status::failed);
    EXPECT_THAT(judge_.claims, IsEmpty());
}

}  // namespace
}  // namespace chatear::deletion
