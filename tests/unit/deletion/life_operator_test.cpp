#include "deletion/life.hpp"
#include "deletion/notices.hpp"
#include "examples.hpp"

#include <gtest/gtest.h>

namespace chatear::deletion {
namespace {

using namespace examples;

const Time later = noon + 2h;

TEST(Cancel, EndsWhateverIsUnderWayAndTellsTheUser) {
    for (const Deletion& open : {queued(), scheduled(), held(Status::scheduled)}) {
        const Change change = cancel(open, CancelledBy::recovery_page, later);
        EXPECT_EQ(change.before, open);
        EXPECT_EQ(change.after.status, Status::cancelled);
        EXPECT_EQ(change.after.cancelled_at, later);
        EXPECT_EQ(change.after.next_mail_at, std::nullopt);
        EXPECT_EQ(change.after.held_from, std::nullopt);
        EXPECT_EQ(change.after.held_reason, "");
        EXPECT_TRUE(change.tells_address);
        EXPECT_EQ(actions(change.audit), "deletion.cancelled");
        EXPECT_EQ(meta(change.audit[0], "was"), to_text(open.status));
        EXPECT_EQ(subjects(change.notices), "user.deletion.cancelled email.send");
    }
}

TEST(Cancel, SaysWhoAndWhy) {
    const Change change = cancel(queued(), CancelledBy::operator_, later, "a court order");
    EXPECT_EQ(meta(change.audit[0], "by"), "operator");
    EXPECT_EQ(meta(change.audit[0], "reason"), "a court order");
}

TEST(Hold, RemembersWhereItCameFrom) {
    const Change change = hold(scheduled(), "look at this");
    EXPECT_EQ(change.after.status, Status::held);
    EXPECT_EQ(change.after.held_from, Status::scheduled);
    EXPECT_EQ(change.after.held_reason, "look at this");
    EXPECT_EQ(change.after.recovery_sent_at, scheduled().recovery_sent_at);
    EXPECT_EQ(meta(change.audit[0], "reason"), "look at this");
}

TEST(Hold, OfOneThatIsHeldKeepsWhereItCameFrom) {
    const Change change = hold(held(Status::scheduled), "and at that");
    EXPECT_EQ(change.after.held_from, Status::scheduled);
    EXPECT_EQ(change.after.held_reason, "and at that");
}

// Who deduplicates by the id must hear of each.
TEST(Hold, EachTimeIsToldUnderAnIdOfItsOwn) {
    const Change first = hold(scheduled(), "look at this");
    const auto released = release(first.after, later, "seen");
    const Change second = hold(released->after, "look at this");
    const Change in_between = hold(first.after, "and at that");
    const auto id_of = [](const Change& change) {
        const std::vector<Notice> finished = finish_notices(change.notices, "d1", std::nullopt);
        return std::string(finished.at(0).payload.at("event_id").as_string());
    };
    EXPECT_EQ(id_of(first), "d1/held.1");
    EXPECT_EQ(id_of(second), "d1/held.2");
    EXPECT_EQ(id_of(in_between), "d1/held.2");
    EXPECT_EQ(hold(scheduled(), "look at this").notices.at(0).key, first.notices.at(0).key);
}

TEST(Release, LeadsBackToWhereItWasHeldFrom) {
    const auto to_scheduled = release(held(Status::scheduled), later, "seen");
    ASSERT_TRUE(to_scheduled);
    EXPECT_EQ(to_scheduled->after, scheduled());
    EXPECT_EQ(actions(to_scheduled->audit), "deletion.released");
    EXPECT_EQ(meta(to_scheduled->audit[0], "reason"), "seen");
    EXPECT_EQ(meta(to_scheduled->audit[0], "to"), "scheduled");

    const auto to_queued = release(held(Status::queued), later, "seen");
    ASSERT_TRUE(to_queued);
    Deletion expected = queued();
    expected.next_mail_at = later;
    EXPECT_EQ(to_queued->after, expected);
}

TEST(Release, GivesAMailThatWasTriedANewNumber) {
    Deletion tried = held(Status::queued);
    tried.mail_attempts = 10;
    const auto change = release(tried, later, "the relay is mended");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->after.mail_number, 2);
    EXPECT_EQ(change->after.mail_attempts, 0);
}

TEST(Release, OfAnAdoptedRowIsQueued) {
    Deletion adopted = held(Status::queued);
    adopted.held_from.reset();
    EXPECT_EQ(release(adopted, later, "seen")->after.status, Status::queued);
    Deletion without_mail = held(Status::scheduled);
    without_mail.recovery_sent_at.reset();
    EXPECT_EQ(release(without_mail, later, "seen")->after.status, Status::queued);
}

TEST(Resend, IsANewMailWithNoClockRunning) {
    for (const Deletion& from : {held(Status::scheduled), held(Status::queued), queued()}) {
        const auto change = resend(from, later, "the user asks for it");
        ASSERT_TRUE(change);
        EXPECT_EQ(change->after.status, Status::queued);
        EXPECT_EQ(change->after.mail_number, 2);
        EXPECT_EQ(change->after.mail_attempts, 0);
        EXPECT_EQ(change->after.next_mail_at, later);
        EXPECT_EQ(change->after.recovery_sent_at, std::nullopt);
        EXPECT_EQ(change->after.scheduled_at, std::nullopt);
        EXPECT_EQ(actions(change->audit), "deletion.mail_resent");
    }
}

TEST(Rule7, AcceptStartsThePeriodAtThatMoment) {
    const auto change = accept_mail(held(Status::queued), later, day, "seen in the relay's log");
    ASSERT_TRUE(change);
    EXPECT_EQ(change->after.status, Status::scheduled);
    EXPECT_EQ(change->after.recovery_sent_at, later);
    EXPECT_EQ(change->after.scheduled_at, later + day);
    EXPECT_EQ(change->after.mail_number, 1);
    EXPECT_EQ(actions(change->audit), "deletion.mail_accepted_by_operator");
    EXPECT_EQ(change->audit[0].meta.at("mail_number"), 1);
    EXPECT_EQ(meta(change->audit[0], "reason"), "seen in the relay's log");
    EXPECT_EQ(subjects(change->notices), "user.deletion.scheduled");
}

TEST(Rule10, NoCommandLeadsAroundIt) {
    for (const Status status : {Status::executed, Status::cancelled, Status::failed}) {
        EXPECT_FALSE(release(ended(status), later, "x"));
        EXPECT_FALSE(resend(ended(status), later, "x"));
        EXPECT_FALSE(accept_mail(ended(status), later, day, "x"));
    }
    EXPECT_FALSE(release(queued(), later, "x"));
    EXPECT_FALSE(release(scheduled(), later, "x"));
    EXPECT_FALSE(resend(scheduled(), later, "x"));
    EXPECT_FALSE(accept_mail(queued(), later, day, "x"));
    EXPECT_FALSE(accept_mail(scheduled(), later, day, "x"));
}

}  // namespace
}  // namespace chatear::deletion
