// What a mail transaction makes of each reply; what it writes is in mail_transaction.cpp.
#include "base/assert.hpp"
#include "smtp/mail_transaction.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::smtp {
namespace {

/// The answers of a server that does not know BDAT, or not there: it announced it all the same.
bool refuses_chunking(const Reply& reply) {
    constexpr std::array codes = {500, 502, 503, 504};
    return std::find(codes.begin(), codes.end(), reply.code) != codes.end();
}

/// What a server says to a command that it does not know, or to DATA. Another refusal may be about
/// this message: a policy that is asked when a content begins (Postfix's smtpd_data_restrictions).
bool is_about_bdat(const Reply& reply) {
    constexpr std::array codes = {354, 501, 521, 551};
    return refuses_chunking(reply) ||
           std::find(codes.begin(), codes.end(), reply.code) != codes.end();
}

}  // namespace

MailTransaction::Effect MailTransaction::on_reply(Step answered, Reply reply) {
    CHATEAR_ASSERT(unanswered_ > 0);
    --unanswered_;
    if (reply.verdict() == Verdict::unavailable) {
        connection_usable_ = false;  // 421: the server closes, whatever it answers by it.
    }
    Effect effect = Effect::none;
    if (state_ == State::lone_dot) {
        finish(reply.verdict() != Verdict::accepted);
    } else if (answered == Step::data && manner_ == Manner::probe) {
        effect = on_probe_reply(std::move(reply));
    } else if (answered == Step::content) {
        effect = on_content_reply(std::move(reply));
    } else if (answered == Step::data && refused_) {
        on_data_reply_after_refusal(reply);
    } else {
        on_envelope_reply(answered, std::move(reply));
    }
    if (state_ == State::finished && merging_refused_ && connection_usable_) {
        begin_again(manner_);
        effect = Effect::merging_refused;
    }
    return effect;
}

void MailTransaction::on_envelope_reply(Step answered, Reply reply) {
    const Culprit culprit = classify(answered, reply);
    if (culprit != Culprit::accepted && !refused_) {
        const bool out_of_order = reply.code == 503 && answered != Step::rcpt;
        merging_refused_ = turn_.merged && out_of_order;
        judge(answered, std::move(reply), culprit);
        refused_ = true;
    }
    if (manner_ == Manner::chunk) {
        return;  // The answer to BDAT ends it.
    }
    if (!connection_usable_ && unanswered_ == 0) {
        state_ = State::finished;
    } else if (refused_ && unanswered_ == 0) {
        finish(answered != Step::mail);
    } else if (only_probes()) {
        result_.status = SendStatus::never;
        result_.culprit = Culprit::never_message;
        result_.reply = Reply{0, why_unsendable_};
        finish(false);
    } else if (!refused_ && manner_ == Manner::probe && answered == Step::rcpt) {
        add_chunk();
    } else if (!refused_ && answered == Step::data) {
        state_ = State::permission;
    }
}

/// DATA was in one group with the command that was refused. Where the server nevertheless waits for
/// content it gets a lone dot, whose answer counts for nothing (RFC 2920, 3.1). Not where MAIL was
/// refused: the recipient may then stand in another transaction, which the dot would send.
void MailTransaction::on_data_reply_after_refusal(const Reply& reply) {
    const bool waits_for_content = reply.verdict() == Verdict::go_on;
    if (waits_for_content && result_.step != Step::rcpt) {
        end_connection();
    } else if (!connection_usable_) {
        state_ = State::finished;
    } else if (waits_for_content) {
        content_.clear();
        state_ = State::lone_dot;
    } else {
        finish(true);
    }
}

/// Any answer to the end of content closes the transaction (RFC 5321, 4.1.1.4); one that refuses is
/// not trusted to have done so.
MailTransaction::Effect MailTransaction::on_content_reply(Reply reply) {
    if (!everything_given()) {
        connection_usable_ = false;  // What is left of it would be taken for commands.
    }
    if (refused_) {
        on_reply_to_refused_chunk(reply);
        return Effect::none;
    }
    if (!everything_given() && reply.verdict() == Verdict::accepted) {
        drop("the content was answered before its end: " + reply.one_line());
        return Effect::none;
    }
    if (manner_ == Manner::chunk && refuses_chunking(reply) && connection_usable_) {
        return on_chunking_refused(reply);
    }
    const Verdict verdict = reply.verdict();
    const Culprit culprit = classify(Step::content, reply);
    judge(Step::content, std::move(reply), culprit);
    if (verdict == Verdict::go_on) {
        result_.status = SendStatus::in_doubt;  // No answer to this question.
    }
    finish(verdict != Verdict::accepted);
    return Effect::none;
}

/// Its first line was content, or it was a command, and then nobody knows what else is answered.
MailTransaction::Effect MailTransaction::on_probe_reply(Reply reply) {
    switch (reply.verdict()) {
        case Verdict::accepted:
            manner_ = Manner::chunk;
            state_ = State::permission;
            return Effect::chunking_proven;
        case Verdict::never:
        case Verdict::go_on:
            drop("it does not take BDAT, which it announced: " + reply.one_line());
            result_.wants_data = !is_about_bdat(reply);
            return result_.wants_data ? Effect::none : Effect::chunking_refused;
        case Verdict::try_later:
            judge(Step::data, reply, classify(Step::data, reply));
            end_connection();
            return Effect::none;
        case Verdict::unavailable:
            drop(reply.one_line());
            result_.reply = std::move(reply);
            return Effect::none;
    }
    return Effect::none;
}

/// Out of order here (Exim before 4.96, behind a refused message), the chunk was thrown away. To a
/// server that does not know BDAT its bytes are commands: nothing more may be said to that one.
MailTransaction::Effect MailTransaction::on_chunking_refused(const Reply& reply) {
    if (reply.code == 503) {
        begin_again(Manner::data);
    } else {
        drop("it does not know BDAT, which it announced: " + reply.one_line());
        result_.content_began = false;
    }
    return Effect::chunking_refused;
}

/// Its chunk has been thrown away, unless the server has put it into a transaction of before.
void MailTransaction::on_reply_to_refused_chunk(const Reply& reply) {
    const bool without_sender = result_.step == Step::reset || result_.step == Step::mail;
    if (reply.verdict() == Verdict::accepted && without_sender) {
        result_.status = SendStatus::in_doubt;
        merging_refused_ = false;
        end_connection();
        return;
    }
    result_.content_began = false;
    finish(true);
}

}  // namespace chatear::smtp
