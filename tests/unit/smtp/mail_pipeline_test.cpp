#include "smtp/mail_pipeline.hpp"

#include "unit/smtp/served_pipeline.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The content of 1 has left, and the envelope of 2 behind it.
Served after_a_merged_group() {
    Served served(merging);
    served.add(1);
    served.write();
    served.reply({ok, ok, go_on});
    served.write();
    served.add(2);
    served.write();
    return served;
}

TEST(MailPipeline, WritesAContentAndTheNextEnvelopeInOneGroup) {
    Served served(merging);
    served.add(1);
    EXPECT_EQ(served.write(), envelope_to(user(1)));
    EXPECT_FALSE(served.pipeline.has_room()) << "nobody knows yet when the content may leave";
    served.reply({ok, ok, go_on});
    const auto id = served.pipeline.next_to_ask();
    ASSERT_TRUE(id);
    served.pipeline.on_permission(*id, true, served.now, served.ended);
    ASSERT_TRUE(served.pipeline.has_room());
    served.add(2);
    EXPECT_EQ(served.write(), content_to(user(1)) + envelope_to(user(2)));
    EXPECT_TRUE(served.pipeline.content_left());
    served.reply({ok, ok, ok, go_on});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted));
    EXPECT_EQ(served.write(), content_to(user(2)));
    served.reply({ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted, SendStatus::accepted));
    EXPECT_TRUE(served.pipeline.empty());
}

TEST(MailPipeline, AnEnvelopeMayFollowAContentThatHasLeft) {
    Served served(merging);
    served.add(1);
    served.write();
    served.reply({ok, ok, go_on});
    EXPECT_EQ(served.write(), content_to(user(1)));
    ASSERT_TRUE(served.pipeline.has_room());
    served.add(2);
    EXPECT_EQ(served.write(), envelope_to(user(2)));
}

TEST(MailPipeline, WithoutMergingOneMessageWaitsForTheOther) {
    for (const bool pipelining : {false, true}) {
        Served served(Conduct{.pipelining = pipelining});
        served.add(1);
        EXPECT_EQ(
            served.write(), pipelining ? envelope_to(user(1)) : "MAIL FROM:<for-u1@a.test>\r\n"
        );
        EXPECT_EQ(served.write(), "");
        EXPECT_FALSE(served.pipeline.has_room());
    }
}

TEST(MailPipeline, KeepsAWindowOfWholeMessagesUnderWay) {
    Served served(window_of_4);
    for (std::size_t number = 1; number <= 4; ++number) {
        ASSERT_TRUE(served.pipeline.has_room());
        served.add(number);
    }
    EXPECT_FALSE(served.pipeline.has_room());
    const std::string reset = "RSET\r\n";
    EXPECT_EQ(
        served.write(),
        chunk_to(user(1)) + reset + chunk_to(user(2)) + reset + chunk_to(user(3)) + reset +
            chunk_to(user(4))
    );
    EXPECT_EQ(served.asked, 4);
    served.reply({ok, ok, ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted));
    ASSERT_TRUE(served.pipeline.has_room());
    served.add(5);
    EXPECT_EQ(served.write(), reset + chunk_to(user(5)));
}

TEST(MailPipeline, TheWindowIsBoundedByBytesToo) {
    MailPipeline pipeline(window_of_4);
    Mail large = mail_to(user(1));
    large.content.append(MailPipeline::max_window_bytes, 'x').append("\r\n");
    pipeline.add(envelope_of(user(1)), std::move(large));
    EXPECT_FALSE(pipeline.has_room());
}

TEST(MailPipeline, AfterAMessageThatIsKnownToBeOverNoResetIsNeeded) {
    Served served(window_of_4);
    served.add(1);
    served.write();
    served.reply({ok, ok, ok});
    served.add(2);
    EXPECT_EQ(served.write(), chunk_to(user(2)));
    served.reply({ok, {550, "5.1.1 nobody"}, {503, "no recipient"}});
    served.add(3);
    EXPECT_EQ(served.write(), "RSET\r\n" + chunk_to(user(3)));
}

TEST(MailPipeline, ALostConnectionSortsWhatIsUnderWay) {
    Served served(window_of_4);
    for (std::size_t number = 1; number <= 3; ++number) {
        served.add(number);
    }
    served.write();
    served.add(4);  // Nothing of it has been written.
    served.reply({ok, ok, ok, ok, ok, {550, "5.1.1 nobody"}});
    const auto lost = served.pipeline.on_connection_lost("gone", true);
    ASSERT_EQ(lost.size(), 3U);
    EXPECT_EQ(lost[0].result.status, SendStatus::never);
    EXPECT_EQ(lost[1].result.status, SendStatus::in_doubt);
    EXPECT_EQ(lost[2].result.status, SendStatus::not_sent);
    EXPECT_FALSE(lost[2].result.content_began);
}

TEST(MailPipeline, MergedALostConnectionLeavesOneInDoubtAndOneSafe) {
    Served served = after_a_merged_group();
    const auto lost = served.pipeline.on_connection_lost("gone", true);
    ASSERT_EQ(lost.size(), 2U);
    EXPECT_EQ(lost[0].result.status, SendStatus::in_doubt);
    EXPECT_EQ(lost[1].result.status, SendStatus::not_sent);
    EXPECT_FALSE(lost[1].result.content_began);
}

TEST(MailPipeline, A421IsForTheOldestCommandAndWhatStandsBehindItMayStillBeAnswered) {
    Served served(window_of_4);
    for (std::size_t number = 1; number <= 3; ++number) {
        served.add(number);
    }
    served.write();
    served.reply({{421, "4.7.0 too many messages"}});
    EXPECT_FALSE(served.pipeline.usable());
    EXPECT_FALSE(served.pipeline.wants_close()) << "two contents are under way";
    served.reply({{503, ""}, {503, ""}});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::not_sent));
    served.reply({ok, {421, ""}, {503, ""}, {503, ""}});
    const auto lost = served.pipeline.on_connection_lost("closed by the peer", true);
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].result.status, SendStatus::not_sent);
    EXPECT_FALSE(lost[0].result.content_began) << "the server had said that it closes";
}

TEST(MailPipeline, MergingIsLearntFromA503BehindAnAcceptedMessage) {
    Served served = after_a_merged_group();
    const Reply out_of_step{503, "5.5.1 pipelining"};
    served.reply({ok, out_of_step, out_of_step, out_of_step});
    EXPECT_FALSE(served.pipeline.conduct().merging);
    EXPECT_EQ(served.write(), "RSET\r\n" + envelope_to(user(2)));
    served.reply({ok, ok, ok, go_on});
    EXPECT_EQ(served.write(), content_to(user(2)));
    EXPECT_FALSE(served.pipeline.has_room()) << "from now on one by one";
    served.reply({ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted, SendStatus::accepted));
}

TEST(MailPipeline, WhatBeginsAgainLeavesBehindWhatHasBegunMeanwhile) {
    Served served(window_of_4);
    served.add(1);
    served.write();
    served.pipeline.apply(Conduct{.merging = true, .chunking = false});  // Learnt elsewhere.
    ASSERT_TRUE(served.pipeline.has_room());
    served.add(2);
    EXPECT_EQ(served.write(), "RSET\r\n" + envelope_to(user(2)));
    served.reply({ok, ok, {503, "no BDAT"}});
    EXPECT_EQ(served.write(), "") << "not into the other one's DATA";
    served.reply({ok, ok, ok, go_on});
    EXPECT_EQ(served.write(), content_to(user(2)) + envelope_to(user(1)));
    served.reply({ok, ok, ok, go_on});
    EXPECT_EQ(served.write(), content_to(user(1)));
    served.reply({ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted, SendStatus::accepted));
}

TEST(MailPipeline, BehindARefusedContentA503TeachesNothing) {
    Served served = after_a_merged_group();
    const Reply nested{503, "5.5.1 nested MAIL"};
    served.reply({{550, "5.7.0 spam"}, nested, nested, nested});
    EXPECT_TRUE(served.pipeline.conduct().merging);
    EXPECT_EQ(served.write(), "RSET\r\n" + envelope_to(user(2)));
}

TEST(MailPipeline, ARetiredOneFinishesWhatHasBegunAndBeginsNothing) {
    Served served(window_of_4);
    served.add(1);
    served.write();
    served.add(2);
    served.pipeline.retire();
    EXPECT_FALSE(served.pipeline.has_room());
    EXPECT_EQ(served.write(), "");
    EXPECT_FALSE(served.pipeline.wants_close());
    served.reply({ok, ok, ok});
    EXPECT_THAT(served.statuses(), ElementsAre(SendStatus::accepted));
    EXPECT_TRUE(served.pipeline.wants_close());
    EXPECT_EQ(
        served.pipeline.on_connection_lost("closed", true)[0].result.status, SendStatus::not_sent
    );
}

TEST(MailPipeline, A421ThatIsFollowedByAnAcceptanceWasNoGoodbye) {
    Served served(window_of_4);
    served.add(1);
    served.add(2);
    served.write();
    served.reply({ok, {421, "4.7.0 too many to this recipient"}, {503, ""}, ok, ok, ok});
    EXPECT_FALSE(served.pipeline.closing());
    const auto lost = served.pipeline.on_connection_lost("closed by the peer", true);
    ASSERT_EQ(lost.size(), 1U);
    EXPECT_EQ(lost[0].result.status, SendStatus::in_doubt) << "it was taking the second one";
}

TEST(MailPipeline, WhatWeCloseOurselvesBehindA421IsInDoubt) {
    Served served(window_of_4);
    served.add(1);
    served.add(2);
    served.write();
    served.reply({{421, "4.3.2 closing"}});
    const auto lost = served.pipeline.on_connection_lost("no answer in time", false);
    ASSERT_EQ(lost.size(), 2U);
    EXPECT_EQ(lost[0].result.status, SendStatus::not_sent);
    EXPECT_EQ(lost[1].result.status, SendStatus::in_doubt);
}

TEST(MailPipeline, Rule7APermissionThatWasNotUsedInTimeIsAskedForAgain) {
    Served served(window_of_4);
    served.add(1);
    served.add(2);
    const auto first = served.pipeline.next_to_ask();
    const auto second = served.pipeline.next_to_ask();
    ASSERT_TRUE(first && second);
    served.pipeline.on_permission(*second, true, served.now, served.ended);
    served.now += std::chrono::seconds(20);  // The first one's was slow.
    served.pipeline.on_permission(*first, true, served.now, served.ended);
    std::string written;
    for (const std::string_view piece : served.pipeline.take_output(served.now)) {
        written += piece;
    }
    EXPECT_EQ(written, chunk_to(user(1)));
    EXPECT_EQ(served.pipeline.next_to_ask(), second);
}

TEST(MailPipeline, BehindMessagesThatWereNotAcceptedMergingIsGivenUpInTheEnd) {
    Served served(window_of_4);
    for (std::size_t number = 1; number <= 3; ++number) {
        served.add(number);
    }
    served.write();
    const Reply out_of_order{503, "one by one"};
    const std::vector<Reply> four(4, out_of_order);
    served.reply({ok, {550, "5.1.1 nobody"}, {503, ""}});
    served.reply(four);
    served.reply(four);
    EXPECT_TRUE(served.pipeline.conduct().merging);
    served.write();
    served.reply({ok, {550, "5.1.1 nobody"}, {503, ""}, {503, ""}});
    EXPECT_THAT(served.statuses(), testing::Contains(SendStatus::never));
    served.reply(four);
    EXPECT_FALSE(served.pipeline.conduct().merging);
}

TEST(MailPipeline, AReplyThatNobodyAskedForEndsTheConnection) {
    Served served(merging);
    served.reply({{421, "4.4.2 idle for too long"}});
    EXPECT_FALSE(served.pipeline.usable());
    EXPECT_TRUE(served.pipeline.wants_close());
}

TEST(MailPipeline, AnAbandonedMessageTakesTheConnectionWithItOnceItHasBegun) {
    Served served(window_of_4);
    const MailPipeline::Id waiting = served.pipeline.add(envelope_of(user(1)), mail_to(user(1)));
    served.pipeline.abandon(waiting);
    EXPECT_TRUE(served.pipeline.empty());
    EXPECT_TRUE(served.pipeline.usable());
    const MailPipeline::Id begun = served.pipeline.add(envelope_of(user(2)), mail_to(user(2)));
    served.write();
    served.pipeline.abandon(begun);
    EXPECT_TRUE(served.pipeline.wants_close());
    EXPECT_THAT(served.pipeline.on_connection_lost("closed", true), IsEmpty())
        << "nobody waits for it";
}

TEST(MailPipeline, Rule12AMessageThatIsHeldBackHarmsNobodyInTheWindow) {
    Served served(window_of_4);
    served.add(1);
    EXPECT_EQ(served.write(false), "");
    EXPECT_TRUE(served.ended[0].result.held_back);
    served.add(2);
    EXPECT_EQ(served.write(), chunk_to(user(2)));
}

}  // namespace
}  // namespace chatear::smtp::test
