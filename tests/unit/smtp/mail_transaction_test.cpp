#include "smtp/mail_transaction.hpp"

#include "smtp/dot_stuffing.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace chatear::smtp {
namespace {

using Next = MailTransaction::Next;

const Envelope envelope{"shop@a.test", "ann@b.test", false};

MailTransaction begin(
    bool pipelining, bool reset_first = false, std::string_view content = "Hello"
) {
    return MailTransaction(envelope, " SIZE=5", dot_stuffed(content), pipelining, reset_first);
}

// A Step has what the client sends and the server's reply to it.
struct Exchange {
    std::string client;
    Reply reply;
};

const std::vector<Exchange> script = {
    {"MAIL FROM:<shop@a.test> SIZE=5\r\n", {250, "ok"}},
    {"RCPT TO:<ann@b.test>\r\n", {250, "ok"}},
    {"DATA\r\n", {354, "go on"}},
    {"Hello\r\n.\r\n", {250, "queued"}},
};

/// Does what the transaction asks for until it wants a reply (or has finished); what was written.
std::string write_all(MailTransaction& transaction) {
    std::string written;
    while (transaction.next() == Next::write || transaction.next() == Next::ask) {
        if (transaction.next() == Next::ask) {
            transaction.on_permission(true);
        } else {
            written += transaction.take_output();
        }
    }
    return written;
}

/// A transaction that has gone through the first `steps` of the script.
MailTransaction after(std::size_t steps, bool pipelining) {
    MailTransaction transaction = begin(pipelining);
    for (std::size_t step = 0; step < steps; ++step) {
        write_all(transaction);
        transaction.on_reply(script[step].reply);
    }
    return transaction;
}

/// Plays replies in order, all of them; what the client wrote in between.
std::vector<std::string> play(MailTransaction& transaction, const std::vector<Reply>& replies) {
    std::vector<std::string> written;
    for (const Reply& reply : replies) {
        std::string output = write_all(transaction);
        if (!output.empty()) {
            written.push_back(std::move(output));
        }
        EXPECT_EQ(transaction.next(), Next::read);
        transaction.on_reply(reply);
    }
    return written;
}

TEST(MailTransaction, GoesStepByStepWithoutPipelining) {
    MailTransaction transaction = begin(false);
    for (const Exchange& exchange : script) {
        EXPECT_EQ(write_all(transaction), exchange.client);
        transaction.on_reply(exchange.reply);
    }
    ASSERT_EQ(transaction.next(), Next::finished);
    EXPECT_EQ(transaction.result().status, SendStatus::accepted);
    EXPECT_EQ(transaction.result().reply.text, "queued");
    EXPECT_TRUE(transaction.connection_usable());
    EXPECT_FALSE(transaction.needs_reset());
}

TEST(MailTransaction, WritesTheEnvelopeInOneGroupWithPipelining) {
    MailTransaction transaction = begin(true, true);
    const std::vector<std::string> written =
        play(transaction, {{250, "reset"}, {250, "ok"}, {250, "ok"}, {354, ""}, {250, "queued"}});
    const std::vector<std::string> expected = {
        "RSET\r\nMAIL FROM:<shop@a.test> SIZE=5\r\nRCPT TO:<ann@b.test>\r\nDATA\r\n",
        "Hello\r\n.\r\n"};
    EXPECT_EQ(written, expected);
    EXPECT_EQ(transaction.result().status, SendStatus::accepted);
}

TEST(MailTransaction, IsInDoubtOnlyOnceTheContentLeft) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            MailTransaction transaction = after(step, pipelining);
            write_all(transaction);
            transaction.on_connection_lost("gone");
            ASSERT_EQ(transaction.next(), Next::finished);
            const bool content_left = step == script.size() - 1;
            EXPECT_EQ(
                transaction.result().status,
                content_left ? SendStatus::in_doubt : SendStatus::not_sent
            );
            EXPECT_EQ(transaction.result().content_began, content_left);
            EXPECT_EQ(transaction.result().reply.text, "gone");
            EXPECT_FALSE(transaction.connection_usable());
        }
    }
}

TEST(MailTransaction, AConnectionLostInALongContentSurelyDeliveredNothing) {
    const std::string content(3 * MailTransaction::max_write_bytes, 'x');
    MailTransaction transaction = begin(true, false, content);
    play(transaction, {{250, ""}, {250, ""}, {354, ""}});
    transaction.on_permission(true);
    std::string written;
    for (int piece = 0; piece < 3; ++piece) {
        written += transaction.take_output();
        ASSERT_EQ(transaction.next(), Next::write);
        MailTransaction lost = transaction;
        lost.on_connection_lost("gone");
        EXPECT_EQ(lost.result().status, SendStatus::not_sent);
        EXPECT_TRUE(lost.result().content_began);
    }
    written += transaction.take_output();
    EXPECT_EQ(written, dot_stuffed(content));
    EXPECT_EQ(transaction.next(), Next::read);
    transaction.on_connection_lost("gone");
    EXPECT_EQ(transaction.result().status, SendStatus::in_doubt);
}

TEST(MailTransaction, RefusedAtAnyStepEndsWithThatVerdict) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            MailTransaction transaction = after(step, pipelining);
            write_all(transaction);
            transaction.on_reply({451, "4.3.0 later"});
            while (transaction.next() != Next::finished) {
                write_all(transaction);
                transaction.on_reply({503, "5.5.1 out of step"});
            }
            EXPECT_EQ(transaction.result().status, SendStatus::try_later);
            EXPECT_EQ(transaction.result().reply.text, "4.3.0 later");
            EXPECT_TRUE(transaction.connection_usable());
        }
    }
}

TEST(MailTransaction, ServiceUnavailableAtAnyStepEndsTheConnection) {
    for (const bool pipelining : {false, true}) {
        for (std::size_t step = 0; step < script.size(); ++step) {
            SCOPED_TRACE(script[step].client);
            MailTransaction transaction = after(step, pipelining);
            write_all(transaction);
            transaction.on_reply({421, "4.3.2 closing"});
            ASSERT_EQ(transaction.next(), Next::finished);
            const bool content_left = step == script.size() - 1;
            EXPECT_EQ(
                transaction.result().status,
                content_left ? SendStatus::try_later : SendStatus::not_sent
            );
            EXPECT_FALSE(transaction.connection_usable());
        }
    }
}

TEST(MailTransaction, ARefusedRecipientNeverGetsTheContentEvenAfter354) {
    MailTransaction transaction = begin(true);
    const std::vector<std::string> written = play(
        transaction,
        {{250, ""}, {550, "5.1.1 no such user"}, {354, "go on"}, {250, "queued nothing"}}
    );
    ASSERT_EQ(written.size(), 2U);
    EXPECT_EQ(written[1], ".\r\n");
    ASSERT_EQ(transaction.next(), Next::finished);
    EXPECT_EQ(transaction.result().status, SendStatus::never);
    EXPECT_EQ(transaction.result().step, Step::rcpt);
    EXPECT_FALSE(transaction.result().content_began);
    EXPECT_TRUE(transaction.connection_usable());
    EXPECT_FALSE(transaction.needs_reset());
}

TEST(MailTransaction, AfterARefusedRecipientTheTransactionMayBeOpen) {
    for (const bool pipelining : {false, true}) {
        MailTransaction transaction = begin(pipelining);
        std::vector<Reply> replies = {{250, ""}, {550, "5.1.1 no such user"}};
        if (pipelining) {
            replies.push_back({554, "5.5.1 no valid recipients"});
        }
        play(transaction, replies);
        ASSERT_EQ(transaction.next(), Next::finished);
        EXPECT_EQ(transaction.result().reply.code, 550);
        EXPECT_TRUE(transaction.needs_reset());
    }
}

TEST(MailTransaction, AConnectionLostAfterTheVerdictChangesNothingOfIt) {
    MailTransaction transaction = begin(true);
    play(transaction, {{250, ""}, {550, "5.1.1 no such user"}});
    transaction.on_connection_lost("gone");
    ASSERT_EQ(transaction.next(), Next::finished);
    EXPECT_EQ(transaction.result().status, SendStatus::never);
    EXPECT_FALSE(transaction.connection_usable());
}

TEST(MailTransaction, Rule12NoContentLeavesWithoutPermission) {
    for (const bool pipelining : {false, true}) {
        MailTransaction transaction = after(3, pipelining);
        ASSERT_EQ(transaction.next(), Next::ask);
        transaction.on_permission(false);
        ASSERT_EQ(transaction.next(), Next::finished);
        EXPECT_EQ(transaction.result().status, SendStatus::not_sent);
        EXPECT_TRUE(transaction.result().held_back);
        EXPECT_FALSE(transaction.result().content_began);
        EXPECT_FALSE(transaction.connection_usable())
            << "the server waits for content: nothing else can be said";
    }
}

TEST(MailTransaction, AnAnswerThatIsNoneLeavesTheContentInDoubt) {
    MailTransaction transaction = after(3, true);
    write_all(transaction);
    transaction.on_reply({354, "go on"});
    EXPECT_EQ(transaction.result().status, SendStatus::in_doubt);
    EXPECT_FALSE(transaction.connection_usable());
}

TEST(MailTransaction, RepliesOneTooEarlyAreNoticedBeforeTheContent) {
    // The server's answers are one behind: DATA's place has the answer to RCPT.
    MailTransaction transaction = begin(true);
    play(transaction, {{250, "an old one"}, {250, "mail"}, {250, "rcpt"}});
    ASSERT_EQ(transaction.next(), Next::finished);
    EXPECT_EQ(transaction.result().status, SendStatus::not_sent);
    EXPECT_FALSE(transaction.connection_usable());
}

TEST(MailTransaction, TheStepDecidesWhatIsWaitedFor) {
    MailTransaction transaction = begin(false, true);
    for (const Step step : {Step::reset, Step::mail, Step::rcpt, Step::data}) {
        write_all(transaction);
        EXPECT_EQ(transaction.step(), step);
        transaction.on_reply(step == Step::data ? Reply{354, ""} : Reply{250, ""});
    }
    write_all(transaction);
    EXPECT_EQ(transaction.step(), Step::content);
}

RC_GTEST_PROP(
    MailTransaction, EndsWhateverTheServerSaysAndAcceptsOnlyByA2xxToTheContent, (bool pipelining)
) {
    MailTransaction transaction = begin(pipelining, *rc::gen::arbitrary<bool>());
    bool content_answered = false;
    int last_code = 0;
    for (int replies = 0; transaction.next() != Next::finished; ++replies) {
        RC_ASSERT(replies < 10);
        write_all(transaction);
        content_answered =
            transaction.step() == Step::content && transaction.result().content_began;
        last_code = *rc::gen::element(250, 354, 421, 450, 503, 550);
        transaction.on_reply({last_code, "words"});
    }
    const bool accepted = transaction.result().status == SendStatus::accepted;
    RC_ASSERT(accepted == (content_answered && last_code == 250));
    RC_ASSERT(
        (transaction.result().status == SendStatus::in_doubt) ==
        (content_answered && last_code == 354)
    );
}

}  // namespace
}  // namespace chatear::smtp
