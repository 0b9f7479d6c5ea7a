#include "smtp/mail_transaction.hpp"

#include "base/assert.hpp"
#include "smtp/wire_content.hpp"

#include <algorithm>

namespace chatear::smtp {
namespace {

constexpr std::string_view reset_line = "RSET\r\n";
constexpr std::size_t most_fixed_bytes = 80;  // Of its commands, with BDAT's longest number.

}  // namespace

MailTransaction::MailTransaction(const Envelope& envelope, Mail mail, Manner manner)
    : manner_(manner), content_(std::move(mail.content)) {
    lines_.reserve(
        most_fixed_bytes + envelope.mail_from.size() + envelope.rcpt_to.size() +
        mail.parameters.size()
    );
    lines_.append(reset_line);
    lines_.append("MAIL FROM:<").append(envelope.mail_from).append(">");
    lines_.append(mail.parameters).append("\r\n");
    mail_end_ = lines_.size();
    lines_.append("RCPT TO:<").append(envelope.rcpt_to).append(">\r\n");
    rcpt_end_ = lines_.size();
    CHATEAR_ASSERT(manner != Manner::probe || first_field_bytes(content_) > 0);
}

MailTransaction::MailTransaction(std::string why)
    : manner_(Manner::data), why_unsendable_(std::move(why)), lines_(reset_line) {
    CHATEAR_ASSERT(only_probes());
}

MailTransaction::Next MailTransaction::next() const {
    switch (state_) {
        case State::waiting:
            if (manner_ != Manner::chunk || permitted()) {
                return Next::begin;
            }
            return permission_ == Permission::not_asked ? Next::ask : Next::wait;
        case State::envelope: {
            const bool may_write = turn_.pipelining || unanswered_ == 0;
            const bool all_given = commands_given_ == commands_.size();
            return all_given || refused_ || !may_write ? Next::wait : Next::write;
        }
        case State::permission:
            return permission_ == Permission::not_asked ? Next::ask : Next::wait;
        case State::content:
        case State::lone_dot:
            return chunk_given() ? Next::wait : Next::write;
        case State::finished:
            return Next::finished;
    }
    return Next::finished;
}

void MailTransaction::begin(Turn turn) {
    CHATEAR_ASSERT(next() == Next::begin);
    turn_ = turn;
    begun_ = true;
    state_ = State::envelope;
    const bool resets = turn.reset_first || only_probes();
    lines_given_ = resets ? 0 : reset_line.size();
    if (resets) {
        commands_.emplace_back(Step::reset, reset_line.size());
    }
    if (only_probes()) {
        return;
    }
    commands_.emplace_back(Step::mail, mail_end_);
    commands_.emplace_back(Step::rcpt, rcpt_end_);
    lines_.resize(rcpt_end_);
    if (manner_ == Manner::chunk) {
        add_chunk();
    } else if (manner_ == Manner::data) {
        lines_.append("DATA\r\n");
        commands_.emplace_back(Step::data, lines_.size());
        if (!stuffed_) {
            content_ = dot_stuffed(std::move(content_));
            stuffed_ = true;
        }
    }
}

/// BDAT for what comes next of the content. The answer to one that is not the last has the place of
/// the answer to DATA.
void MailTransaction::add_chunk() {
    const bool last = manner_ == Manner::chunk;
    lines_.append("BDAT ").append(std::to_string(chunk_end() - given_));
    lines_.append(last ? " LAST\r\n" : "\r\n");
    commands_.emplace_back(last ? Step::content : Step::data, lines_.size());
    end_given_ = false;
    state_ = State::envelope;
}

std::size_t MailTransaction::chunk_end() const {
    return manner_ == Manner::probe ? first_field_bytes(content_) : content_.size();
}

void MailTransaction::take_output(
    std::vector<std::string_view>& pieces, std::vector<Step>& answers
) {
    CHATEAR_ASSERT(next() == Next::write);
    if (state_ == State::envelope) {
        take_commands(pieces, answers);
    }
    const bool all_given = commands_given_ == commands_.size();
    const bool ends_in_chunk = manner_ != Manner::data && commands_.back().first > Step::rcpt;
    if (state_ == State::envelope && all_given && ends_in_chunk) {
        state_ = State::content;
    }
    if (state_ == State::content || state_ == State::lone_dot) {
        take_content(pieces, answers);
    }
}

void MailTransaction::take_commands(
    std::vector<std::string_view>& pieces, std::vector<Step>& answers
) {
    do {
        answers.push_back(commands_[commands_given_].first);
        ++unanswered_;
        ++commands_given_;
    } while (turn_.pipelining && commands_given_ < commands_.size());
    const std::size_t end = commands_[commands_given_ - 1].second;
    pieces.push_back(std::string_view(lines_).substr(lines_given_, end - lines_given_));
    lines_given_ = end;
}

void MailTransaction::take_content(
    std::vector<std::string_view>& pieces, std::vector<Step>& answers
) {
    // The first line of a probe is nothing that a server could deliver.
    const bool began = state_ == State::content && manner_ != Manner::probe;
    result_.content_began = result_.content_began || began;
    const bool awaited_already = manner_ != Manner::data;  // As BDAT's answer.
    if (given_ == 0 && !awaited_already) {
        answers.push_back(Step::content);
        ++unanswered_;
    }
    const std::size_t size = std::min(max_write_bytes, chunk_end() - given_);
    if (size > 0) {
        pieces.push_back(std::string_view(content_).substr(given_, size));
        given_ += size;
    }
    if (given_ == chunk_end()) {
        end_given_ = true;
        if (manner_ == Manner::data) {
            pieces.push_back(end_of_content);
        }
    }
}

void MailTransaction::judge(Step answered, Reply reply, Culprit culprit) {
    result_.status = status_of(culprit);
    result_.culprit = culprit;
    result_.step = answered;
    result_.reply = std::move(reply);
    if (culprit == Culprit::unavailable && !merging_refused_) {
        connection_usable_ = false;
    }
}

void MailTransaction::finish(bool reset) {
    needs_reset_ = reset;
    state_ = State::finished;
}

void MailTransaction::end_connection() {
    connection_usable_ = false;
    state_ = State::finished;
}

void MailTransaction::begin_again(Manner manner) {
    manner_ = manner;
    begun_ = false;
    state_ = State::waiting;
    permission_ = Permission::not_asked;
    commands_.clear();
    commands_given_ = 0;
    given_ = 0;
    end_given_ = false;
    refused_ = false;
    merging_refused_ = false;
    result_ = SendResult{};
}

void MailTransaction::on_permission(bool granted) {
    CHATEAR_ASSERT(permission_ == Permission::asked);
    if (!granted) {
        const bool is_awaited = state_ == State::permission;
        const bool usable = connection_usable_;
        drop("the content was held back");
        result_.held_back = true;
        connection_usable_ = usable && !is_awaited;
        return;
    }
    permission_ = Permission::granted;
    if (state_ == State::permission && manner_ == Manner::chunk) {
        add_chunk();  // The rest of what was a probe.
    } else if (state_ == State::permission) {
        state_ = State::content;
    }
}

/// Where it stands: what will be answered next.
Step MailTransaction::step() const {
    if (state_ == State::waiting) {
        return Step::mail;
    }
    const std::size_t answered = commands_given_ - std::min(commands_given_, unanswered_);
    const bool in_envelope = state_ == State::envelope && answered < commands_.size();
    return in_envelope ? commands_[answered].first : Step::content;
}

void MailTransaction::drop(std::string why) {
    result_.status = SendStatus::not_sent;
    result_.culprit = Culprit::unavailable;
    result_.step = step();
    result_.reply = Reply{0, std::move(why)};
    result_.in_probe = manner_ == Manner::probe && commands_given_ > 0 &&
                       commands_[commands_given_ - 1].first == Step::data;
    end_connection();
}

void MailTransaction::on_connection_lost(std::string_view why, bool closing) {
    CHATEAR_ASSERT(state_ != State::finished);
    if (refused_) {
        // The verdict stands; only its aftermath is cut short.
        const bool may_be_elsewhere =
            !closing && result_.content_began && result_.step == Step::reset;
        result_.status = may_be_elsewhere ? SendStatus::in_doubt : result_.status;
        result_.content_began = may_be_elsewhere;
        end_connection();
        return;
    }
    const bool end_may_have_left = state_ == State::content && everything_given();
    drop(std::string(why));
    if (end_may_have_left && closing) {
        result_.content_began = false;
    } else if (end_may_have_left) {
        result_.status = SendStatus::in_doubt;
    }
}

}  // namespace chatear::smtp
