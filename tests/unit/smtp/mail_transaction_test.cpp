#include "unit/smtp/lone_transaction.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace chatear::smtp::test {
namespace {

using Next = MailTransaction::Next;

TEST(MailTransaction, GoesStepByStepWithoutPipelining) {
    Alone mail = begin(false);
    for (const Exchange& exchange : script) {
        EXPECT_EQ(mail.write_all(), exchange.client);
        mail.reply(exchange.reply);
    }
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::accepted);
    EXPECT_EQ(mail.result().reply.text, "queued");
    EXPECT_TRUE(mail.transaction.connection_usable());
    EXPECT_FALSE(mail.transaction.needs_reset());
}

TEST(MailTransaction, WritesTheEnvelopeInOneGroupWithPipelining) {
    Alone mail = begin(true, true);
    const std::vector<std::string> written =
        mail.play({{250, "reset"}, {250, "ok"}, {250, "ok"}, {354, ""}, {250, "queued"}});
    const std::vector<std::string> expected = {
        "RSET\r\nMAIL FROM:<shop@a.test> SIZE=7\r\nRCPT TO:<ann@b.test>\r\nDATA\r\n",
        "Hello\r\n.\r\n"};
    EXPECT_EQ(written, expected);
    EXPECT_EQ(mail.result().status, SendStatus::accepted);
}

TEST(MailTransaction, IsInDoubtOnlyOnceTheContentLeft) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            Alone mail = after(step, pipelining);
            mail.write_all();
            mail.transaction.on_connection_lost("gone", false);
            ASSERT_TRUE(mail.finished());
            const bool content_left = step == script.size() - 1;
            EXPECT_EQ(
                mail.result().status, content_left ? SendStatus::in_doubt : SendStatus::not_sent
            );
            EXPECT_EQ(mail.result().content_began, content_left);
            EXPECT_EQ(mail.result().reply.text, "gone");
            EXPECT_FALSE(mail.transaction.connection_usable());
        }
    }
}

TEST(MailTransaction, AConnectionLostInALongContentSurelyDeliveredNothing) {
    const std::string content = std::string(3 * MailTransaction::max_write_bytes, 'x') + "\r\n";
    for (const Manner manner : {Manner::data, Manner::chunk}) {
        Alone mail({.pipelining = true}, manner, content);
        if (manner == Manner::data) {
            mail.play({{250, ""}, {250, ""}, {354, ""}});
        }
        mail.transaction.on_asked();
        mail.transaction.on_permission(true);
        if (manner == Manner::chunk) {
            mail.transaction.begin({.pipelining = true});
        }
        std::string written;
        for (int piece = 0; piece < 3; ++piece) {
            written += mail.write_once();
            ASSERT_EQ(mail.transaction.next(), Next::write);
            MailTransaction lost = mail.transaction;
            lost.on_connection_lost("gone", false);
            EXPECT_EQ(lost.result().status, SendStatus::not_sent);
            EXPECT_TRUE(lost.result().content_began);
        }
        written += mail.write_once();
        EXPECT_TRUE(written.ends_with(manner == Manner::data ? "x\r\n.\r\n" : "x\r\n"));
        EXPECT_TRUE(mail.transaction.written());
        mail.transaction.on_connection_lost("gone", false);
        EXPECT_EQ(mail.result().status, SendStatus::in_doubt);
    }
}

TEST(MailTransaction, RefusedAtAnyStepEndsWithThatVerdict) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            Alone mail = after(step, pipelining);
            mail.write_all();
            mail.reply({451, "4.3.0 later"});
            while (!mail.finished()) {
                mail.write_all();
                mail.reply({503, "5.5.1 out of step"});
            }
            EXPECT_EQ(mail.result().status, SendStatus::try_later);
            EXPECT_EQ(mail.result().reply.text, "4.3.0 later");
            EXPECT_TRUE(mail.transaction.connection_usable());
        }
    }
}

TEST(MailTransaction, ServiceUnavailableAtAnyStepEndsTheConnection) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            Alone mail = after(step, pipelining);
            mail.write_all();
            mail.reply({421, "4.3.2 closing"});
            EXPECT_FALSE(mail.transaction.connection_usable());
            if (!mail.finished()) {
                mail.transaction.on_connection_lost("gone", true);
            }
            const bool content_left = step == script.size() - 1;
            EXPECT_EQ(
                mail.result().status, content_left ? SendStatus::try_later : SendStatus::not_sent
            );
            EXPECT_EQ(mail.result().reply.code, 421);
        }
    }
}

TEST(MailTransaction, ARefusedRecipientNeverGetsTheContentEvenAfter354) {
    Alone mail = begin(true);
    const std::vector<std::string> written =
        mail.play({{250, ""}, {550, "5.1.1 no such user"}, {354, "go on"}, {250, "queued nothing"}}
        );
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[1], ".\r\n");
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::never);
    EXPECT_EQ(mail.result().step, Step::rcpt);
    EXPECT_FALSE(mail.result().content_began);
    EXPECT_TRUE(mail.transaction.connection_usable());
    EXPECT_FALSE(mail.transaction.needs_reset());
}

TEST(MailTransaction, BehindARefusedSenderNotEvenADotIsSent) {
    Alone mail = begin(true);
    mail.play({{550, "5.7.1 not you"}, {250, "in another's transaction"}, {354, "go on"}});
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::sender_refused);
    EXPECT_FALSE(mail.transaction.connection_usable());
}

TEST(MailTransaction, AfterARefusedRecipientTheTransactionMayBeOpen) {
    for (const bool pipelining : {false, true}) {
        Alone mail = begin(pipelining);
        std::vector<Reply> replies = {{250, ""}, {550, "5.1.1 no such user"}};
        if (pipelining) {
            replies.push_back({554, "5.5.1 no valid recipients"});
        }
        mail.play(replies);
        ASSERT_TRUE(mail.finished());
        EXPECT_EQ(mail.result().reply.code, 550);
        EXPECT_TRUE(mail.transaction.needs_reset());
    }
}

TEST(MailTransaction, AConnectionLostAfterTheVerdictChangesNothingOfIt) {
    for (const Manner manner : {Manner::data, Manner::chunk}) {
        Alone mail({.pipelining = true}, manner);
        mail.play({{250, ""}, {550, "5.1.1 no such user"}});
        mail.transaction.on_connection_lost("gone", false);
        ASSERT_TRUE(mail.finished());
        EXPECT_EQ(mail.result().status, SendStatus::never);
        EXPECT_FALSE(mail.result().content_began);
        EXPECT_FALSE(mail.transaction.connection_usable());
    }
}

TEST(MailTransaction, Rule12NoContentLeavesWithoutPermission) {
    for (const bool pipelining : {false, true}) {
        Alone mail = after(3, pipelining);
        ASSERT_EQ(mail.transaction.next(), Next::ask);
        EXPECT_EQ(mail.write_all(false), "");
        ASSERT_TRUE(mail.finished());
        EXPECT_EQ(mail.result().status, SendStatus::not_sent);
        EXPECT_TRUE(mail.result().held_back);
        EXPECT_FALSE(mail.result().content_began);
        EXPECT_FALSE(mail.transaction.connection_usable())
            << "the server waits for content: nothing else can be said";
    }
    Alone chunk = chunked();
    EXPECT_EQ(chunk.write_all(false), "");
    EXPECT_TRUE(chunk.result().held_back);
    EXPECT_TRUE(chunk.transaction.connection_usable()) << "nothing of it has been said";
}

TEST(MailTransaction, AnAnswerThatIsNoneLeavesTheContentInDoubt) {
    Alone mail = after(3, true);
    mail.write_all();
    mail.reply({354, "go on"});
    EXPECT_EQ(mail.result().status, SendStatus::in_doubt);
    EXPECT_FALSE(mail.transaction.connection_usable());
}

TEST(MailTransaction, AnAnswerBeforeTheEndOfTheContentEndsTheConnection) {
    const std::string content = std::string(3 * MailTransaction::max_write_bytes, 'x') + "\r\n";
    for (const int code : {552, 250}) {
        Alone mail({.pipelining = true}, Manner::data, content);
        mail.play({{250, ""}, {250, ""}, {354, ""}});
        mail.transaction.on_asked();
        mail.transaction.on_permission(true);
        mail.write_once();
        mail.reply({code, "5.3.4 enough of it"});
        ASSERT_TRUE(mail.finished());
        EXPECT_EQ(mail.result().status, code == 552 ? SendStatus::never : SendStatus::not_sent);
        EXPECT_FALSE(mail.transaction.connection_usable());
    }
}

TEST(MailTransaction, RepliesOneTooEarlyAreNoticedBeforeTheContent) {
    // The server's answers are one behind: DATA's place has the answer to RCPT.
    Alone mail = begin(true);
    mail.play({{250, "an old one"}, {250, "mail"}, {250, "rcpt"}});
    ASSERT_TRUE(mail.finished());
    EXPECT_EQ(mail.result().status, SendStatus::not_sent);
    EXPECT_FALSE(mail.transaction.connection_usable());
}

RC_GTEST_PROP(
    MailTransaction,
    EndsWhateverTheServerSaysAndAcceptsOnlyByA2xxToTheContent,
    (bool pipelining, bool chunking)
) {
    const bool group = pipelining || chunking;
    const bool reset_first = *rc::gen::arbitrary<bool>();
    Alone mail(
        {.pipelining = group, .reset_first = reset_first}, chunking ? Manner::chunk : Manner::data
    );
    bool content_answered = false;
    bool refused_before = false;
    int last_code = 0;
    for (int replies = 0; mail.transaction.connection_usable() && !mail.finished(); ++replies) {
        RC_ASSERT(replies < 20);
        mail.write_all();
        content_answered = mail.answers.front() == Step::content && mail.transaction.permitted();
        last_code = *rc::gen::element(250, 354, 421, 450, 503, 550);
        const bool negative = mail.answers.front() != Step::data && last_code != 250;
        refused_before = refused_before || (negative && !content_answered);
        mail.reply({last_code, "words"});
    }
    if (!mail.finished()) {
        mail.transaction.on_connection_lost("closed", false);
    }
    if (mail.result().status == SendStatus::accepted) {
        RC_ASSERT(content_answered && last_code == 250 && !refused_before);
    }
}

}  // namespace
}  // namespace chatear::smtp::test
