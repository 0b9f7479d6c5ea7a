#include "deletion/life.hpp"
#include "deletion/life_change.hpp"
#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;
using Kind = MailResult::Kind;

MailResult result_of(Kind kind, std::string reply = "") {
    MailResult result;
    result.kind = kind;
    result.at = noon + 30s;
    result.reply = std::move(reply);
    result.address_hash = address_hash("ann@example.com");
    return result;
}

MailContext context() {
    MailContext context;
    context.now = noon + 1min;
    context.random = 0.5;
    return context;
}

void expect_held(const Change& change, std::string_view reason) {
    EXPECT_EQ(change.after.status, Status::held);
    EXPECT_EQ(change.after.held_from, Status::queued);
    EXPECT_EQ(change.after.held_reason, reason);
    EXPECT_EQ(change.after.next_mail_at, std::nullopt);
    EXPECT_EQ(change.after.scheduled_at, std::nullopt);
    EXPECT_EQ(actions(change.audit), "deletion.held");
    EXPECT_EQ(subjects(change.notices), "user.deletion.held");
}

TEST(Rule4, AnAcceptedMailStartsTheClockWhereTheLedgerSaysSo) {
    const Change change = after_mail(queued(), result_of(Kind::accepted), context());
    EXPECT_EQ(change.before, queued());
    Deletion expected = queued();
    expected.status = Status::scheduled;
    expected.recovery_sent_at = noon + 30s;  // Not `now`.
    expected.scheduled_at = noon + 30s + day;
    expected.next_mail_at.reset();
    expected.mail_attempts = 1;
    expected.address_hash = address_hash("ann@example.com");
    EXPECT_EQ(change.after, expected);
    EXPECT_EQ(actions(change.audit), "deletion.mail_accepted");
    EXPECT_EQ(meta(change.audit[0], "deletion_id"), "d1");
    EXPECT_EQ(change.audit[0].meta.at("mail_number"), 1);
    EXPECT_EQ(subjects(change.notices), "user.deletion.scheduled");
    EXPECT_EQ(change.notices[0].payload.at("scheduled_at"), "2026-11-26T12:00:30.000000Z");
}

TEST(Rule4, AFailureIsTriedAgainWithTheDelaysOfThePolicy) {
    Deletion deletion = queued();
    for (int attempt = 1; attempt < 10; ++attempt) {
        const Change change = after_mail(deletion, result_of(Kind::try_later), context());
        EXPECT_EQ(change.after.status, Status::queued);
        EXPECT_EQ(change.after.mail_attempts, attempt);
        EXPECT_EQ(change.after.mail_number, 1);
        const auto ceiling = std::min<std::chrono::milliseconds>(1s * (1 << (attempt - 1)), 5min);
        EXPECT_EQ(change.after.next_mail_at, noon + 1min + ceiling / 2);
        EXPECT_EQ(actions(change.audit), "deletion.mail_postponed");
        EXPECT_TRUE(change.notices.empty());
        deletion = change.after;
    }
    const Change last =
        after_mail(deletion, result_of(Kind::try_later, "451 4.7.1 not now"), context());
    expect_held(last, "recovery mail 1: tried 10 times in vain (451 4.7.1)");
}

TEST(Rule4, AMailThatWasWithdrawnIsNoTry) {
    const Change change = after_mail(queued(), result_of(Kind::withdrawn), context());
    EXPECT_EQ(change.after.mail_attempts, 0);
    EXPECT_EQ(change.after.next_mail_at, noon + 1min + withdrawn_pause);
    EXPECT_TRUE(change.audit.empty());
    EXPECT_TRUE(change.notices.empty());
}

TEST(Rule4, ANoticeIsTriedAgainWithTheDelaysOfThePolicyAndIsNoTryOfTheMail) {
    Deletion deletion = queued();
    deletion.mail_number = 3;
    deletion.notice_number = 2;
    const Change later = notice_postponed(
        deletion, result_of(Kind::try_later, "451 4.7.1 greylisted"), 3, context()
    );
    Deletion expected = deletion;
    expected.next_mail_at = noon + 1min + 2s;
    EXPECT_EQ(later.after, expected);
    EXPECT_EQ(actions(later.audit), "deletion.mail_postponed");
    EXPECT_EQ(later.audit[0].meta.at("mail_number"), 2);
    EXPECT_EQ(later.audit[0].meta.at("attempts"), 3);
    EXPECT_EQ(meta(later.audit[0], "reply"), "451 4.7.1");
    const Change withdrawn = notice_postponed(deletion, result_of(Kind::withdrawn), 3, context());
    expected.next_mail_at = noon + 1min + withdrawn_pause;
    EXPECT_EQ(withdrawn.after, expected);
    EXPECT_TRUE(withdrawn.audit.empty());
}

TEST(Rule6, WithoutASlotTheMailWaitsForTheNextDayAndTheDeletionWithIt) {
    const Change change = mail_limited(queued(), next_utc_day(noon));
    EXPECT_EQ(change.after.status, Status::queued);
    EXPECT_EQ(change.after.next_mail_at, at("2026-11-26T00:00:00Z"));
    EXPECT_EQ(change.after.mail_attempts, 0);
    EXPECT_EQ(actions(change.audit), "deletion.mail_limited");
    EXPECT_EQ(meta(change.audit[0], "until"), "2026-11-26T00:00:00.000000Z");
}

TEST(Rule6, TheNextDayBeginsAtMidnightUtc) {
    EXPECT_EQ(next_utc_day(at("2026-11-25T00:00:00Z")), at("2026-11-26T00:00:00Z"));
    EXPECT_EQ(next_utc_day(at("2026-11-25T23:59:59.999999Z")), at("2026-11-26T00:00:00Z"));
    EXPECT_EQ(next_utc_day(at("2026-12-31T12:00:00Z")), at("2027-01-01T00:00:00Z"));
    EXPECT_EQ(next_utc_day(at("1969-12-31T12:00:00Z")), at("1970-01-01T00:00:00Z"));
}

TEST(Rule7, RefusedAsAddressedToNobodyStartsTheClockWhereTheRelayAcceptsOthers) {
    MailContext lately = context();
    lately.relay_accepted_lately = true;
    const Change change = after_mail(
        queued(), result_of(Kind::nobody, "550 5.1.1 <ann@example.com> unknown"), lately
    );
    EXPECT_EQ(change.after.status, Status::scheduled);
    EXPECT_EQ(change.after.recovery_sent_at, noon + 30s);
    EXPECT_EQ(change.after.scheduled_at, noon + 30s + day);
    EXPECT_EQ(actions(change.audit), "deletion.mail_refused");
    EXPECT_EQ(change.audit[0].meta.at("mail_number"), 1);
    EXPECT_EQ(meta(change.audit[0], "reply"), "550 5.1.1");
}

TEST(Rule7, ARelayThatRefusesEverybodyStartsNoClock) {
    const Change change = after_mail(queued(), result_of(Kind::nobody, "550 5.1.1 no"), context());
    expect_held(
        change,
        "recovery mail 1: refused as addressed to nobody, by a relay that accepted nothing else "
        "within the last hour (550 5.1.1)"
    );
}

TEST(Rule7, AnyOtherRefusalForGoodStartsNoClock) {
    MailContext lately = context();
    lately.relay_accepted_lately = true;
    const Change change =
        after_mail(queued(), result_of(Kind::never, "550 5.7.1 you are blocked"), lately);
    expect_held(
        change, "recovery mail 1: refused for good, not because of its address (550 5.7.1)"
    );
}

TEST(Rule7, AMailThatNobodyKnowsAboutHolds) {
    const Change change = after_mail(queued(), result_of(Kind::ambiguous), context());
    expect_held(change, "recovery mail 1: nobody knows whether it was accepted");
    EXPECT_EQ(change.after.mail_attempts, 1);
    EXPECT_EQ(change.after.address_hash, address_hash("ann@example.com"));
}

TEST(Rule14, OfAReplyOnlyTheCodesAreKept) {
    EXPECT_EQ(reply_codes("550 5.1.1 <ann@example.com>: no"), "550 5.1.1");
    EXPECT_EQ(reply_codes("550 5.1.1 4711@example.com: no"), "550 5.1.1");
    EXPECT_EQ(reply_codes("451 later"), "451");
    EXPECT_EQ(reply_codes("250"), "250");
    EXPECT_EQ(reply_codes("250 2.0.0"), "250 2.0.0");
    EXPECT_EQ(reply_codes("connection lost"), "");
    EXPECT_EQ(reply_codes(""), "");
}

TEST(SpecialCases, TheAddressIsReadAtEachSend) {
    User user = ann();
    user.email = "Ann <ann@NEW.example>";
    const MailStep step = before_mail(queued(), user);
    ASSERT_TRUE(std::holds_alternative<SendMail>(step));
    EXPECT_EQ(std::get<SendMail>(step).address, "ann@new.example");
}

TEST(SpecialCases, WithoutAnAddressOrAValidOneItIsHeld) {
    User user = ann();
    for (const std::optional<std::string>& none : {std::optional<std::string>(), {""}}) {
        user.email = none;
        const MailStep step = before_mail(queued(), user);
        expect_held(std::get<Change>(step), "the account has no e-mail address");
    }
    user.email = "ann at example.com";
    const MailStep step = before_mail(queued(), user);
    expect_held(std::get<Change>(step), "the account's e-mail address is not a valid one");
}

TEST(SpecialCases, AUserWhoIsGoneBeforeTheMailFails) {
    User deleted = ann();
    deleted.is_deleted = true;
    for (const std::optional<User>& user : {std::optional<User>(), std::optional(deleted)}) {
        const MailStep step = before_mail(queued(), user);
        const auto& change = std::get<Change>(step);
        EXPECT_EQ(change.after.status, Status::failed);
        EXPECT_EQ(change.after.next_mail_at, std::nullopt);
        EXPECT_EQ(actions(change.audit), "deletion.failed");
        EXPECT_EQ(subjects(change.notices), "user.deletion.failed");
    }
}

}  // namespace
}  // namespace chatear::deletion
