#include "deletion/audit_actions.hpp"
#include "mailer_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using runtime::LedgerStatus;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// After a change of address: its mail is the third, the notice to old@example.test the second.
class FormerAddress : public Mailer {
protected:
    FormerAddress() {
        job_.deletion.mail_number = 3;
        job_.deletion.notice_number = 2;
        job_.deletion.address_changes = 1;
        job_.former_record.emplace().recipient = old_;
    }

    MailRecord& notice(LedgerStatus status) {
        job_.notice_record.emplace().status = status;
        return *job_.notice_record;
    }

    const std::string old_ = "old@example.test";
};

TEST_F(FormerAddress, TheOldAddressIsToldFirst) {
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(judge_.claims, ElementsAre("d1.2"));
    EXPECT_THAT(transport_.recipients, ElementsAre(old_));
    for (const LedgerStatus over :
         {LedgerStatus::done, LedgerStatus::failed, LedgerStatus::ambiguous}) {
        transport_.recipients.clear();
        notice(over);
        handle();
        EXPECT_THAT(transport_.recipients, ElementsAre(address));
    }
    EXPECT_EQ(judge_.claims.back(), "d1.3");
}

// What it was when the notice began may be an address of the past by now.
TEST_F(FormerAddress, TheMailAfterTheNoticeGoesToTheAddressThatStandsThen) {
    handle();
    job_.user->email = "newest@example.test";
    notice(LedgerStatus::done);
    handle();
    EXPECT_THAT(transport_.recipients, ElementsAre(old_, "newest@example.test"));
}

TEST_F(FormerAddress, ATryOfTheNoticeWhoseProcessDiedWaitsForItsDelay) {
    notice(LedgerStatus::retrying).attempts = 1;
    job_.notice_record->generation = 1;
    job_.notice_record->updated_at = at(12, 1);
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(judge_.claims, IsEmpty());
    EXPECT_EQ(only_change().audit.at(0).action, audit::mail_postponed);
    EXPECT_EQ(only_change().audit.at(0).meta.at("attempts").as_int64(), 1);
    job_.deletion = only_change().after;
    job_.deletion.next_mail_at = at(12, 2);
    handle();
    EXPECT_THAT(judge_.claims, ElementsAre("d1.2"));
}

TEST_F(FormerAddress, OneThatAnOutageWithdrewIsSentOnceItIsOverAndTheMailWaitsForIt) {
    transport_.down = true;
    EXPECT_EQ(handle(), Handled::outage);
    EXPECT_THAT(judge_.claims, ElementsAre("d1.2"));
    EXPECT_EQ(only_change().after.next_mail_at, store_.day.now + withdrawn_pause);
    EXPECT_EQ(only_change().after.mail_number, 3);
    EXPECT_EQ(only_change().after.mail_attempts, 0);
    EXPECT_THAT(store_.slots.holders(), IsEmpty());
    transport_.down = false;
    notice(LedgerStatus::deferred).generation = 1;
    handle();
    EXPECT_THAT(transport_.recipients, ElementsAre(old_));
    EXPECT_EQ(judge_.recorded.at(1).generation, 1U);
}

TEST_F(FormerAddress, OneThatIsGreylistedIsTriedAgainAndThenTheMailGoes) {
    const auto later = ScriptedTransport::answer(smtp::SendStatus::try_later, 451, "4.7.1 later");
    transport_.results = {later};
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(transport_.recipients, ElementsAre(old_));
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::retrying);
    EXPECT_EQ(only_change().audit.at(0).action, audit::mail_postponed);
    EXPECT_EQ(only_change().after.mail_attempts, 0);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.2.1.0"));
    notice(LedgerStatus::retrying).attempts = 1;
    job_.notice_record->generation = 1;
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_THAT(transport_.recipients, ElementsAre(old_, old_));
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.2.1.0"));
}

TEST_F(FormerAddress, TheSlotOfARefusedTryWhoseProcessDiedIsTheNextOnes) {
    notice(LedgerStatus::retrying).attempts = 1;
    job_.notice_record->generation = 1;
    job_.notice_record->reply = "451 4.7.1 later";
    take_slot("d1.2.0.0");
    handle();
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.2.1.0"));
}

TEST_F(FormerAddress, OneThatIsRefusedForGoodOrToTheLastTryStopsNothing) {
    transport_.results = {
        ScriptedTransport::answer(smtp::SendStatus::never, 550, "5.1.1 nobody"),
        ScriptedTransport::answer(smtp::SendStatus::try_later, 451, "4.2.0 no")};
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_EQ(judge_.recorded.at(0).verdict.status, LedgerStatus::failed);
    EXPECT_THAT(store_.slots.holders(), ElementsAre("d1.3.0.0"));
    settings_.retry.max_attempts = 4;
    notice(LedgerStatus::retrying).attempts = 3;
    job_.notice_record->generation = 3;
    EXPECT_EQ(handle(), Handled::moved);
    EXPECT_EQ(judge_.recorded.at(1).verdict.status, LedgerStatus::failed);
    EXPECT_THAT(store_.applied, IsEmpty());
}

TEST_F(FormerAddress, WhileAnotherProcessHasItTheMailWaits) {
    judge_.reply.answer = runtime::ClaimAnswer::held;
    EXPECT_EQ(handle(), Handled::nothing);
    EXPECT_THAT(judge_.claims, ElementsAre("d1.2"));
    EXPECT_THAT(transport_.recipients, IsEmpty());
}

TEST_F(FormerAddress, ANewMailOfTheOperatorsIsNoNotice) {
    notice(LedgerStatus::done);
    job_.deletion.mail_number = 4;
    handle();
    EXPECT_THAT(judge_.claims, ElementsAre("d1.4"));
    EXPECT_THAT(transport_.recipients, ElementsAre(address));
}

}  // namespace
}  // namespace chatear::deletion
