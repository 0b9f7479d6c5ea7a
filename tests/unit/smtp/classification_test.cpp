#include "smtp/classification.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace chatear::smtp {
namespace {

struct Row {
    Step step;
    Reply reply;
    Culprit culprit;
};

// Texts as servers say them.
const std::vector<Row> table = {
    // Accepted.
    {Step::greeting, {220, "mx.test ESMTP"}, Culprit::accepted},
    {Step::mail, {250, "2.1.0 Ok"}, Culprit::accepted},
    {Step::rcpt, {251, "User not local; will forward"}, Culprit::accepted},
    {Step::data, {354, "End data with <CR><LF>.<CR><LF>"}, Culprit::accepted},
    {Step::content, {250, "2.0.0 Ok: queued as 1234"}, Culprit::accepted},
    // The server is in another step than we.
    {Step::data, {250, "Ok"}, Culprit::unavailable},
    {Step::mail, {354, "go on"}, Culprit::unavailable},
    {Step::rcpt, {503, "5.5.1 Error: need MAIL command"}, Culprit::unavailable},
    {Step::mail, {503, "5.5.1 Error: nested MAIL command"}, Culprit::unavailable},
    // Later.
    {Step::rcpt,
     {450, "4.2.0 <ann@b.test>: Recipient address rejected: Greylisted"},
     Culprit::try_later},
    {Step::rcpt, {452, "4.2.2 Mailbox full"}, Culprit::try_later},
    {Step::rcpt, {552, "5.2.2 Mailbox full"}, Culprit::try_later},
    {Step::rcpt, {451, "4.7.1 Please try again later"}, Culprit::try_later},
    {Step::mail, {452, "4.3.1 Insufficient system storage"}, Culprit::try_later},
    {Step::content, {451, "4.3.0 Error: queue file write error"}, Culprit::try_later},
    {Step::content, {421, "4.7.0 Try again later, closing connection"}, Culprit::try_later},
    // Never: the recipient.
    {Step::rcpt,
     {550, "5.1.1 <ann@b.test>: Recipient address rejected: User unknown"},
     Culprit::never_recipient},
    {Step::rcpt, {550, "No such user here"}, Culprit::never_recipient},
    {Step::rcpt, {553, "5.1.3 bad mailbox syntax"}, Culprit::never_recipient},
    {Step::rcpt, {556, "5.1.10 null MX"}, Culprit::never_recipient},
    {Step::rcpt,
     {550, "5.7.1 <ann@b.test>: this list takes mail from members only"},
     Culprit::never_recipient},
    {Step::rcpt, {501, "5.1.3 Bad recipient address syntax"}, Culprit::never_recipient},
    // Never: the message.
    {Step::mail, {552, "5.3.4 Message size exceeds fixed limit"}, Culprit::never_message},
    {Step::mail, {552, "Message size exceeds maximum permitted"}, Culprit::never_message},
    {Step::mail, {550, "5.6.7 SMTPUTF8 not supported"}, Culprit::never_message},
    {Step::content, {554, "5.7.1 Message contains spam"}, Culprit::never_message},
    {Step::content, {554, "5.6.0 Message has lines too long"}, Culprit::never_message},
    {Step::data, {554, "5.5.1 Error: no valid recipients"}, Culprit::never_message},
    // Us or the server: pause and alarm.
    {Step::greeting, {554, "5.7.1 No SMTP service here"}, Culprit::sender_or_server},
    {Step::hello, {550, "5.7.1 Helo command rejected"}, Culprit::sender_or_server},
    {Step::authentication,
     {535, "5.7.8 Authentication credentials invalid"},
     Culprit::sender_or_server},
    {Step::authentication,
     {534, "5.7.9 Application-specific password required"},
     Culprit::sender_or_server},
    {Step::mail, {530, "5.7.0 Must issue a STARTTLS command first"}, Culprit::sender_or_server},
    {Step::mail, {530, "5.7.0 Authentication required"}, Culprit::sender_or_server},
    {Step::mail, {538, "5.7.11 Encryption required"}, Culprit::sender_or_server},
    {Step::mail, {500, "command not recognized"}, Culprit::sender_or_server},
    {Step::mail, {502, "5.5.2 command not recognized"}, Culprit::sender_or_server},
    {Step::mail,
     {553, "5.7.1 Sender address rejected: not owned by user ann"},
     Culprit::sender_or_server},
    {Step::mail, {550, "5.1.8 Sender domain not found"}, Culprit::sender_or_server},
    {Step::rcpt, {554, "5.7.1 <ann@b.test>: Relay access denied"}, Culprit::sender_or_server},
    {Step::rcpt, {550, "relay not permitted"}, Culprit::sender_or_server},
    {Step::rcpt,
     {554, "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen"},
     Culprit::sender_or_server},
    {Step::rcpt, {550, "5.7.25 no reverse DNS"}, Culprit::sender_or_server},
    {Step::rcpt, {530, "5.7.1 Client was not authenticated"}, Culprit::sender_or_server},
    {Step::content,
     {550, "5.7.26 Unauthenticated email is not accepted due to DMARC policy"},
     Culprit::sender_or_server},
    {Step::content, {554, "5.2.2 mailbox full"}, Culprit::sender_or_server},
    {Step::content, {550, "5.2.252 sender throttled"}, Culprit::sender_or_server},
    {Step::data,
     {554, "5.2.0 STOREDRV.Submission.Exception:SendAsDenied"},
     Culprit::sender_or_server},
    // Nobody is judged.
    {Step::greeting, {421, "4.3.2 too many connections"}, Culprit::unavailable},
    {Step::greeting, {450, "4.7.0 later"}, Culprit::unavailable},
    {Step::hello, {421, "closing"}, Culprit::unavailable},
    {Step::starttls, {454, "4.7.0 TLS not available due to local problem"}, Culprit::unavailable},
    {Step::starttls, {502, "not implemented"}, Culprit::unavailable},
    {Step::authentication, {454, "4.7.0 Temporary authentication failure"}, Culprit::unavailable},
    {Step::mail, {421, "4.7.0 too many messages"}, Culprit::unavailable},
    {Step::mail,
     {432, "4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded"},
     Culprit::unavailable},
    {Step::mail,
     {454, "4.7.0 Throttling failure: Maximum sending rate exceeded"},
     Culprit::unavailable},
    {Step::rcpt, {421, "4.4.2 timeout"}, Culprit::unavailable},
    {Step::reset, {500, "what?"}, Culprit::unavailable},
};

TEST(Classification, FollowsTheTable) {
    for (const Row& row : table) {
        EXPECT_EQ(classify(row.step, row.reply), row.culprit)
            << to_text(row.step) << " " << row.reply.one_line() << " gave "
            << to_text(classify(row.step, row.reply));
    }
}

TEST(Classification, OnlyTheFirstDigitMakesAcceptance) {
    for (int code = 200; code < 600; ++code) {
        for (int number = 0; number <= static_cast<int>(Step::quit); ++number) {
            const Step step = static_cast<Step>(number);
            const int wanted = step == Step::data ? 3 : 2;
            EXPECT_EQ(classify(step, Reply{code, ""}) == Culprit::accepted, code / 100 == wanted)
                << code;
        }
    }
}

RC_GTEST_PROP(Classification, NoTextMakesATemporaryReplyFinal, (const std::string& text)) {
    for (const Step step : {Step::mail, Step::rcpt, Step::data, Step::content}) {
        const Culprit culprit = classify(step, Reply{450, text});
        RC_ASSERT(culprit == Culprit::try_later);
    }
}

TEST(Classification, EveryStepAndCulpritHasAName) {
    EXPECT_EQ(to_text(Step::connect), "connect");
    EXPECT_EQ(to_text(Step::quit), "quit");
    EXPECT_EQ(to_text(Culprit::unavailable), "unavailable");
}

}  // namespace
}  // namespace chatear::smtp
