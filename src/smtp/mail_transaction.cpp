#include "smtp/mail_transaction.hpp"

#include "base/assert.hpp"
#include "smtp/dot_stuffing.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace chatear::smtp {
namespace {

SendStatus status_of(Culprit culprit) {
    switch (culprit) {
        case Culprit::accepted:
            return SendStatus::accepted;
        case Culprit::try_later:
            return SendStatus::try_later;
        case Culprit::never_recipient:
        case Culprit::never_message:
            return SendStatus::never;
        case Culprit::sender_or_server:
            return SendStatus::sender_refused;
        case Culprit::unavailable:
            return SendStatus::not_sent;
    }
    return SendStatus::not_sent;
}

}  // namespace

std::string_view to_text(SendStatus status) {
    constexpr std::array<std::string_view, 6> names = {
        "accepted",
        "try_later",
        "never",
        "sender_refused",
        "not_sent",
        "in_doubt",
    };
    return names.at(static_cast<std::size_t>(status));
}

MailTransaction::MailTransaction(
    const Envelope& envelope,
    const std::string& parameters,
    std::string stuffed,
    bool pipelining,
    bool reset_first
)
    : pipelining_(pipelining), content_(std::move(stuffed)) {
    CHATEAR_ASSERT(content_.ends_with(end_of_content));
    if (reset_first) {
        commands_.emplace_back(Step::reset, "RSET\r\n");
    }
    commands_.emplace_back(
        Step::mail, "MAIL FROM:<" + envelope.mail_from + '>' + parameters + "\r\n"
    );
    commands_.emplace_back(Step::rcpt, "RCPT TO:<" + envelope.rcpt_to + ">\r\n");
    commands_.emplace_back(Step::data, "DATA\r\n");
}

MailTransaction::Next MailTransaction::next() const {
    switch (state_) {
        case State::finished:
            return Next::finished;
        case State::permission:
            return Next::ask;
        case State::envelope:
            return awaited_.empty() ? Next::write : Next::read;
        case State::content:
        case State::lone_dot:
            return everything_left() ? Next::read : Next::write;
    }
    return Next::finished;
}

Step MailTransaction::step() const {
    if (state_ == State::envelope) {
        return awaited_.empty() ? commands_.front().first : awaited_.front();
    }
    return Step::content;
}

std::string_view MailTransaction::take_output() {
    CHATEAR_ASSERT(next() == Next::write);
    if (state_ == State::envelope) {
        output_.clear();
        do {
            output_ += commands_.front().second;
            awaited_.push_back(commands_.front().first);
            commands_.pop_front();
        } while (pipelining_ && !commands_.empty());
        return output_;
    }
    const std::size_t size = std::min(max_write_bytes, output_.size() - written_);
    const std::string_view piece = std::string_view(output_).substr(written_, size);
    written_ += size;
    return piece;
}

void MailTransaction::on_reply(const Reply& reply) {
    CHATEAR_ASSERT(next() == Next::read);
    if (reply.verdict() == Verdict::unavailable) {
        connection_usable_ = false;  // 421: the server closes, whatever it answers by it.
    }
    if (state_ == State::envelope) {
        const Step answered = awaited_.front();
        awaited_.pop_front();
        on_envelope_reply(answered, reply);
        return;
    }
    if (state_ == State::content) {
        judge(Step::content, reply, classify(Step::content, reply));
        if (reply.verdict() == Verdict::go_on) {
            result_.status = SendStatus::in_doubt;  // No answer to this question.
        }
    }
    // Any answer to the end of content closes the transaction (RFC 5321, 4.1.1.4); one that refuses
    // is not trusted to have done so.
    finish(reply.verdict() != Verdict::accepted);
}

void MailTransaction::judge(Step answered, const Reply& reply, Culprit culprit) {
    result_.status = status_of(culprit);
    result_.culprit = culprit;
    result_.step = answered;
    result_.reply = reply;
    if (culprit == Culprit::unavailable) {
        connection_usable_ = false;
    }
}

void MailTransaction::on_envelope_reply(Step answered, const Reply& reply) {
    if (answered == Step::data && refused_) {
        on_data_reply(reply);
        return;
    }
    const Culprit culprit = classify(answered, reply);
    if (culprit != Culprit::accepted && !refused_) {
        judge(answered, reply, culprit);
        refused_ = true;
        commands_.clear();
    }
    if (!connection_usable_) {
        state_ = State::finished;
    } else if (refused_ && awaited_.empty()) {
        finish(answered != Step::mail);
    } else if (!refused_ && answered == Step::data) {
        state_ = State::permission;
    }
}

/// DATA was in one group with the command that was refused. Where the server nevertheless waits for
/// content it gets a lone dot, whose answer counts for nothing (RFC 2920, 3.1).
void MailTransaction::on_data_reply(const Reply& reply) {
    if (!connection_usable_) {
        state_ = State::finished;
    } else if (reply.verdict() == Verdict::go_on) {
        output_ = end_of_content;
        written_ = 0;
        state_ = State::lone_dot;
    } else {
        finish(true);
    }
}

void MailTransaction::finish(bool reset) {
    needs_reset_ = reset;
    state_ = State::finished;
}

void MailTransaction::on_permission(bool granted) {
    CHATEAR_ASSERT(next() == Next::ask);
    if (!granted) {
        drop("the content was held back");
        result_.held_back = true;
        return;
    }
    output_ = std::move(content_);
    written_ = 0;
    result_.content_began = true;
    state_ = State::content;
}

void MailTransaction::drop(std::string why) {
    result_.status = SendStatus::not_sent;
    result_.culprit = Culprit::unavailable;
    result_.step = step();
    result_.reply = Reply{0, std::move(why)};
    connection_usable_ = false;
    state_ = State::finished;
}

void MailTransaction::on_connection_lost(std::string_view why) {
    CHATEAR_ASSERT(state_ != State::finished);
    if (refused_) {
        connection_usable_ = false;  // The verdict stands; only its aftermath is cut short.
        state_ = State::finished;
        return;
    }
    const bool end_may_have_left = state_ == State::content && everything_left();
    drop(std::string(why));
    if (end_may_have_left) {
        result_.status = SendStatus::in_doubt;
    }
}

}  // namespace chatear::smtp
