#include "unit/smtp/lone_transaction.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::smtp::test {
namespace {

using Effect = MailTransaction::Effect;
using Next = MailTransaction::Next;

TEST(MailTransaction, WritesEverythingInOneGroupWithChunking) {
    Alone mail = chunked();
    EXPECT_EQ(mail.write_all(), chunk_group);
    EXPECT_TRUE(mail.transaction.written());
    mail.play({{250, ""}, {250, ""}, {250, "queued"}});
    EXPECT_EQ(mail.result().status, SendStatus::accepted);
    EXPECT_EQ(mail.result().reply.text, "queued");
    EXPECT_FALSE(mail.transaction.needs_reset());
}

TEST(MailTransaction, AChunkIsSentByteForByteAndNeedsNoDots) {
    Alone mail({.pipelining = true}, Manner::chunk, ".\r\n..\r\n");
    EXPECT_TRUE(mail.write_all().ends_with("BDAT 7 LAST\r\n.\r\n..\r\n"));
    Alone data({.pipelining = true}, Manner::data, ".\r\n..\r\n");
    const std::vector<std::string> written =
        data.play({{250, ""}, {250, ""}, {354, ""}, {250, ""}});
    EXPECT_EQ(written.back(), "..\r\n...\r\n.\r\n");
}

TEST(MailTransaction, AChunkIsInDoubtUntilItIsAnswered) {
    const std::vector<Reply> replies = {{250, ""}, {250, ""}};
    for (std::size_t answered = 0; answered <= replies.size(); ++answered) {
        Alone mail = chunked();
        mail.write_all();
        mail.play({replies.begin(), replies.begin() + static_cast<std::ptrdiff_t>(answered)});
        mail.transaction.on_connection_lost("gone", false);
        EXPECT_EQ(mail.result().status, SendStatus::in_doubt);
        EXPECT_TRUE(mail.result().content_began);
    }
    Alone waiting = chunked();
    waiting.transaction.on_connection_lost("gone", false);
    EXPECT_EQ(waiting.result().status, SendStatus::not_sent);
    EXPECT_FALSE(waiting.result().content_began);
}

TEST(MailTransaction, BehindA421WhatIsUnansweredWasNotExecuted) {
    Alone mail = chunked();
    mail.write_all();
    mail.transaction.on_connection_lost("gone", true);
    EXPECT_EQ(mail.result().status, SendStatus::not_sent);
    EXPECT_FALSE(mail.result().content_began);
}

TEST(MailTransaction, AChunkWhoseEnvelopeIsRefusedIsThrownAway) {
    Alone mail = chunked();
    mail.play({{250, ""}, {550, "5.1.1 no such user"}});
    EXPECT_FALSE(mail.finished()) << "the answer to BDAT is still to come";
    mail.reply({503, "no recipient"});
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::never);
    EXPECT_EQ(mail.result().step, Step::rcpt);
    EXPECT_FALSE(mail.result().content_began) << "nobody has it, and nobody was judged by it";
    EXPECT_TRUE(mail.transaction.connection_usable());
    EXPECT_TRUE(mail.transaction.needs_reset());
}

TEST(MailTransaction, ARefusedChunkThatIsAnsweredBeforeItsEndEndsTheConnection) {
    const std::string content = std::string(3 * MailTransaction::max_write_bytes, 'x') + "\r\n";
    Alone mail({.pipelining = true}, Manner::chunk, content);
    mail.transaction.on_asked();
    mail.transaction.on_permission(true);
    mail.transaction.begin({.pipelining = true});
    mail.write_once();
    mail.reply({250, ""});
    mail.reply({550, "5.1.1 no such user"});
    mail.reply({503, "no recipient"});
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::never);
    EXPECT_FALSE(mail.transaction.connection_usable()) << "the rest would be taken for commands";
}

TEST(MailTransaction, AChunkThatIsTakenWithoutItsSenderIsInDoubt) {
    for (const std::vector<Reply>& refusal :
         {std::vector<Reply>{{503, "reset?"}, {250, ""}, {250, ""}},
          std::vector<Reply>{{250, ""}, {503, "nested MAIL"}, {250, ""}}}) {
        Alone mail = chunked(true);
        mail.play(refusal);
        mail.reply({250, "taken, and nobody knows for whom"});
        ASSERT_TRUE(mail.finished());
        EXPECT_EQ(mail.result().status, SendStatus::in_doubt);
        EXPECT_FALSE(mail.transaction.connection_usable());
    }
}

TEST(MailTransaction, A503BehindSomethingUnansweredIsNoVerdictAndItBeginsAgain) {
    const std::string envelope =
        "MAIL FROM:<shop@a.test> SIZE=7\r\nRCPT TO:<ann@b.test>\r\nDATA\r\n";
    Alone mail({.pipelining = true, .merged = true});
    EXPECT_EQ(mail.write_all(), envelope);
    mail.reply({503, "no pipelining here"});
    mail.reply({503, "no pipelining here"});
    EXPECT_EQ(mail.reply({503, "no pipelining here"}), Effect::merging_refused);
    EXPECT_EQ(mail.transaction.next(), Next::begin);
    mail.transaction.begin({.pipelining = true, .reset_first = true});
    EXPECT_EQ(mail.write_all(), "RSET\r\n" + envelope);
    mail.play({{250, ""}, {250, ""}, {250, ""}, {354, ""}, {250, "queued"}});
    EXPECT_EQ(mail.result().status, SendStatus::accepted);

    Alone alone = begin(true);
    alone.play({{503, "out of step"}});
    EXPECT_FALSE(alone.transaction.connection_usable()) << "nothing stood before it";
}

TEST(MailTransaction, AChunkThatMetA503BeginsAgainAndIsAskedForAgain) {
    Alone mail = chunked(true);
    EXPECT_EQ(mail.write_all(), "RSET\r\n" + chunk_group);
    for (int reply = 0; reply < 3; ++reply) {
        mail.reply({503, "one at a time"});
    }
    EXPECT_EQ(mail.reply({503, "one at a time"}), Effect::merging_refused);
    EXPECT_EQ(mail.transaction.next(), Next::ask);
    EXPECT_EQ(mail.write_all(), "RSET\r\n" + chunk_group);
}

TEST(MailTransaction, AChunkOutOfOrderIsSentByData) {
    Alone mail = chunked();
    mail.play({{250, ""}, {250, ""}});
    EXPECT_EQ(mail.reply({503, "5.5.1 not here"}), Effect::chunking_refused);
    EXPECT_EQ(
        mail.write_all(), "MAIL FROM:<shop@a.test> SIZE=7\r\nRCPT TO:<ann@b.test>\r\nDATA\r\n"
    );
    mail.play({{250, ""}, {250, ""}, {354, ""}, {250, "queued"}});
    EXPECT_EQ(mail.result().status, SendStatus::accepted);
}

TEST(MailTransaction, AServerThatDoesNotKnowBdatReadsTheContentAsCommandsAndIsLeft) {
    Alone mail = chunked();
    mail.play({{250, ""}, {250, ""}});
    EXPECT_EQ(mail.reply({502, "5.5.1 command not implemented"}), Effect::chunking_refused);
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::not_sent);
    EXPECT_FALSE(mail.result().content_began) << "it goes over another connection, by DATA";
    EXPECT_FALSE(mail.transaction.connection_usable());
}

TEST(MailTransaction, WhatCannotBeSentOnlyAsksForASignOfLife) {
    MailTransaction mail("5.6.7 the address needs SMTPUTF8");
    mail.begin({.pipelining = true});
    std::vector<std::string_view> pieces;
    std::vector<Step> answers;
    mail.take_output(pieces, answers);
    EXPECT_EQ(pieces, std::vector<std::string_view>{"RSET\r\n"});
    MailTransaction lost = mail;
    mail.on_reply(Step::reset, {250, "alive"});
    ASSERT_EQ(mail.next(), Next::finished);
    EXPECT_EQ(mail.result().status, SendStatus::never);
    EXPECT_EQ(mail.result().culprit, Culprit::never_message);
    EXPECT_EQ(mail.result().reply.text, "5.6.7 the address needs SMTPUTF8");
    EXPECT_TRUE(mail.connection_usable());
    lost.on_connection_lost("gone", false);
    EXPECT_EQ(lost.result().status, SendStatus::not_sent) << "another server may be able to";
}

}  // namespace
}  // namespace chatear::smtp::test
