#include "smtp/mail_pipeline.hpp"

#include "base/assert.hpp"
#include "smtp/wire_content.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace chatear::smtp {
namespace {

constexpr int most_beginnings = 2;  // Of one message, behind others that were not accepted.

}  // namespace

bool MailPipeline::has_room() const {
    if (!usable() || transactions_.empty()) {
        return usable();
    }
    const MailTransaction& last = transactions_.back().transaction;
    const bool proves =
        last.manner() == Manner::probe || (conduct_.chunking && !conduct_.chunking_proven);
    if (!conduct_.merging || proves) {
        return false;
    }
    if (conduct_.chunking) {
        const bool may_all_be_refused =
            refused_ == 0 || refused_ + transactions_.size() < most_refused;
        return may_all_be_refused && transactions_.size() < window() && bytes_ < max_window_bytes;
    }
    return last.permitted() && last.begun();
}

std::size_t MailPipeline::window() const {
    return std::min(conduct_.window, first_window + accepted_);
}

Manner MailPipeline::manner_for(const Mail& mail, bool by_data) const {
    if (!conduct_.chunking) {
        return Manner::data;
    }
    if (conduct_.chunking_proven) {
        return Manner::chunk;
    }
    return !by_data && first_field_bytes(mail.content) > 0 ? Manner::probe : Manner::data;
}

MailPipeline::Id MailPipeline::add(const Envelope& envelope, Mail mail, bool by_data) {
    const Manner manner = manner_for(mail, by_data);
    const std::size_t bytes = mail.content.size();
    return append(MailTransaction(envelope, std::move(mail), manner), bytes);
}

MailPipeline::Id MailPipeline::add_unsendable(std::string why) {
    return append(MailTransaction(std::move(why)), 0);
}

MailPipeline::Id MailPipeline::append(MailTransaction transaction, std::size_t bytes) {
    CHATEAR_ASSERT(has_room());
    bytes_ += bytes;
    transactions_.push_back(Entry{
        .id = ++last_id_, .transaction = std::move(transaction), .bytes = bytes});
    return last_id_;
}

MailPipeline::Entries::iterator MailPipeline::find(Id id) {
    return std::find_if(transactions_.begin(), transactions_.end(), [id](const Entry& entry) {
        return entry.id == id;
    });
}

std::optional<MailPipeline::Id> MailPipeline::next_to_ask() {
    for (Entry& entry : transactions_) {
        MailTransaction& transaction = entry.transaction;
        const bool goes_on = usable_ && (!retired_ || transaction.begun());
        if (goes_on && transaction.next() == MailTransaction::Next::ask) {
            transaction.on_asked();
            return entry.id;
        }
    }
    return std::nullopt;
}

void MailPipeline::on_permission(Id id, bool granted, Moment now, std::vector<Ended>& ended) {
    const auto entry = find(id);
    if (entry == transactions_.end()) {
        return;
    }
    entry->permitted_at = now;
    entry->transaction.on_permission(granted);
    if (entry->transaction.next() == MailTransaction::Next::finished) {
        end(entry, ended);
    }
}

void MailPipeline::abandon(Id id) {
    const auto entry = find(id);
    if (entry == transactions_.end()) {
        return;
    }
    if (entry->transaction.begun()) {
        usable_ = false;
        entry->abandoned = true;
    } else {
        bytes_ -= entry->bytes;
        transactions_.erase(entry);
    }
}

bool MailPipeline::may_begin(const MailTransaction& transaction) const {
    return transaction.next() == MailTransaction::Next::begin && !retired_ &&
           (answers_.empty() || conduct_.merging);
}

const std::vector<std::string_view>& MailPipeline::take_output(Moment now) {
    pieces_.clear();
    content_left_ = false;
    std::size_t bytes = 0;
    for (auto entry = transactions_.begin(); entry != transactions_.end() && usable_; ++entry) {
        MailTransaction& transaction = entry->transaction;
        let_go_stale(*entry, now);
        if (may_begin(transaction)) {
            begin(transaction);
        }
        const std::size_t before = pieces_.size();
        if (transaction.next() == MailTransaction::Next::write) {
            take_from(entry);
            content_left_ = content_left_ || transaction.written();
        }
        for (std::size_t piece = before; piece < pieces_.size(); ++piece) {
            bytes += pieces_[piece].size();
        }
        if (!transaction.written() || bytes >= MailTransaction::max_write_bytes) {
            break;  // What stands behind it may not pass it.
        }
    }
    return pieces_;
}

void MailPipeline::let_go_stale(Entry& entry, Moment now) const {
    const bool unused = entry.transaction.permitted() && !entry.transaction.begun();
    if (unused && now - entry.permitted_at > permission_lasts) {
        entry.transaction.ask_again();
    }
}

void MailPipeline::begin(MailTransaction& transaction) {
    MailTransaction::Turn turn;
    turn.pipelining = conduct_.pipelining;
    turn.merged = !answers_.empty();
    // Behind 354 a transaction ends with its content, whatever is said of it (RFC 5321, 4.1.1.4).
    // With BDAT nobody knows yet whether the one before has a recipient: without one it stays open,
    // and would take this message in (measured with Exim).
    const bool chunk_before =
        std::any_of(answers_.begin(), answers_.end(), [](const Answer& answer) {
            return answer.entry->transaction.manner() == Manner::chunk;
        });
    turn.reset_first = turn.merged ? chunk_before : needs_reset_;
    transaction.begin(turn);
}

void MailPipeline::take_from(Entries::iterator entry) {
    steps_.clear();
    entry->transaction.take_output(pieces_, steps_);
    for (const Step step : steps_) {
        answers_.push_back({entry, step});
    }
}

std::optional<Step> MailPipeline::awaited() const {
    if (answers_.empty()) {
        return std::nullopt;
    }
    return answers_.front().step;
}

void MailPipeline::on_reply(Reply reply, std::vector<Ended>& ended) {
    if (reply.verdict() == Verdict::unavailable) {
        closing_ = true;
    } else if (reply.verdict() == Verdict::accepted && awaited() != Step::reset) {
        closing_ = false;  // It goes on all the same.
    }
    if (answers_.empty()) {
        usable_ = false;  // It is about to hang up, or out of step.
        return;
    }
    const Answer answer = answers_.front();
    answers_.pop_front();
    MailTransaction& transaction = answer.entry->transaction;
    const MailTransaction::Effect effect = transaction.on_reply(answer.step, std::move(reply));
    if (effect != MailTransaction::Effect::none) {
        note(effect, *answer.entry);
        if (!transaction.begun()) {
            put_behind_begun(answer.entry);
        }
    }
    usable_ = usable_ && transaction.connection_usable();
    if (transaction.next() == MailTransaction::Next::finished) {
        end(answer.entry, ended);
    }
}

/// What begins again leaves behind everything that has begun: the list is the order on the wire.
void MailPipeline::put_behind_begun(Entries::iterator entry) {
    const auto last_begun =
        std::find_if(transactions_.rbegin(), transactions_.rend(), [](const Entry& other) {
            return other.transaction.begun();
        });
    transactions_.splice(last_begun.base(), transactions_, entry);
}

/// A 503 behind a message that was not accepted may be about what that one left behind: it gets
/// another try, with RSET, and nothing is learnt from it.
void MailPipeline::note(MailTransaction::Effect effect, Entry& entry) {
    if (effect == MailTransaction::Effect::chunking_proven) {
        conduct_.chunking_proven = true;
        return;
    }
    needs_reset_ = true;
    if (effect == MailTransaction::Effect::chunking_refused) {
        conduct_.chunking = false;
    } else if (++entry.beginnings >= most_beginnings || last_accepted_) {
        conduct_.merging = false;
    }
}

void MailPipeline::end(Entries::iterator entry, std::vector<Ended>& ended) {
    MailTransaction& transaction = entry->transaction;
    if (transaction.begun()) {
        needs_reset_ = transaction.needs_reset();
        last_accepted_ = transaction.result().status == SendStatus::accepted;
        const bool is_envelope_refused = transaction.result().step != Step::content;
        if (is_envelope_refused && transaction.manner() != Manner::data) {
            ++refused_;
        }
        accepted_ += last_accepted_ ? 1U : 0U;
    }
    usable_ = usable_ && transaction.connection_usable();
    bytes_ -= entry->bytes;
    if (!entry->abandoned) {
        ended.push_back({entry->id, transaction.take_result()});
    }
    transactions_.erase(entry);
}

std::vector<MailPipeline::Ended> MailPipeline::on_connection_lost(
    std::string_view why, bool by_peer
) {
    const bool announced = closing_ && by_peer;
    usable_ = false;
    answers_.clear();
    std::vector<Ended> ended;
    while (!transactions_.empty()) {
        transactions_.front().transaction.on_connection_lost(why, announced);
        end(transactions_.begin(), ended);
    }
    return ended;
}

bool MailPipeline::content_unanswered() const {
    return std::any_of(transactions_.begin(), transactions_.end(), [](const Entry& entry) {
        return entry.transaction.content_unanswered() && !entry.abandoned;
    });
}

bool MailPipeline::wants_close() const {
    if (usable() || content_unanswered()) {
        return false;
    }
    const auto has_begun = [](const Entry& entry) { return entry.transaction.begun(); };
    return !usable_ || std::none_of(transactions_.begin(), transactions_.end(), has_begun);
}

}  // namespace chatear::smtp
