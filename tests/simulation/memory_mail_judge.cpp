#include "memory_mail_judge.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <utility>

namespace chatear::simulation {

using runtime::ClaimAnswer;
using runtime::LedgerStatus;

bool MemoryMailJudge::takes(MailRow& row, const runtime::Event& event) const {
    const deletion::MailRecord& record = row.record;
    if (row.content_sha256 != event.content_sha256) {
        return false;
    }
    const bool waits =
        record.status == LedgerStatus::retrying || record.status == LedgerStatus::deferred;
    const bool comes_back = event.generation == record.generation && waits;
    const bool fresh =
        record.status != LedgerStatus::done && (event.generation > record.generation || comes_back);
    if (fresh) {
        row.record.takeovers = 0;
        row.content_begun = false;
        return true;
    }
    const bool dead = event.generation == record.generation &&
                      record.status == LedgerStatus::working && row.claimed_by != process_ &&
                      !living_.contains(row.claimed_by);
    if (dead) {
        ++row.record.takeovers;
    }
    return dead;
}

runtime::ClaimReply MemoryMailJudge::reply_from(
    const MailRow& row, const runtime::Event& event, std::uint64_t claim_no
) const {
    runtime::ClaimReply reply;
    reply.attempts = row.record.attempts;
    reply.takeovers = row.record.takeovers;
    if (row.content_sha256 != event.content_sha256) {
        reply.answer = ClaimAnswer::conflict;
    } else if (row.record.generation > event.generation) {
        reply.answer = ClaimAnswer::stale;
    } else if (row.record.status == LedgerStatus::working && is_ours(row, claim_no)) {
        reply.answer = row.record.takeovers > 0 ? ClaimAnswer::taken_over : ClaimAnswer::granted;
        reply.content_may_have_left =
            row.record.takeovers > 0 && (!notes_content_ || row.content_begun);
    } else if (row.record.status == LedgerStatus::working) {
        reply.answer = ClaimAnswer::held;
    } else {
        reply.answer =
            row.record.generation == event.generation ? ClaimAnswer::finished : ClaimAnswer::stale;
    }
    return reply;
}

asio::awaitable<runtime::ClaimReply> MemoryMailJudge::claim(
    const runtime::Event& event,
    std::uint64_t claim_no,
    std::vector<std::optional<std::string>> details
) {
    faults_.before_effect();
    const auto [entry, is_new] = database_.mails.try_emplace(event.event_id);
    MailRow& row = entry->second;
    if (is_new) {
        row.content_sha256 = event.content_sha256;
        row.record.recipient = details.at(0).value_or("");
    }
    if (is_new || takes(row, event)) {
        row.record.status = LedgerStatus::working;
        row.record.generation = event.generation;
        row.claimed_by = process_;
        row.claim_no = claim_no;
        row.record.updated_at = database_.now();
    }
    const runtime::ClaimReply reply = reply_from(row, event, claim_no);
    if (faults_.crashes && faults_.one_in(50)) {
        throw Unavailable("postgres", "simulated", "the answer to a claim is lost");
    }
    faults_.after_effect();
    co_return reply;
}

asio::awaitable<bool> MemoryMailJudge::begin_content(
    const runtime::Event& event, runtime::Claim& claim
) {
    faults_.before_effect();
    MailRow& row = database_.mails.at(event.event_id);
    const bool ours = row.record.status == LedgerStatus::working &&
                      row.record.generation == claim.generation && is_ours(row, claim.claim_no);
    row.content_begun = row.content_begun || ours;
    faults_.after_effect();
    co_return ours;
}

asio::awaitable<runtime::Settlement> MemoryMailJudge::record(
    const runtime::Event& event,
    const runtime::Claim& claim,
    runtime::Verdict verdict,
    std::vector<std::optional<std::string>> details
) {
    faults_.before_effect();
    runtime::Settlement settlement;
    settlement.action = runtime::Settlement::Action::drop;
    const auto found = database_.mails.find(event.event_id);
    if (found == database_.mails.end()) {
        co_return settlement;
    }
    MailRow& row = found->second;
    deletion::MailRecord& record = row.record;
    const std::uint32_t next = claim.generation + (verdict.final() ? 0 : 1);
    const bool accepted = verdict.status == LedgerStatus::done;
    const bool ours = is_ours(row, claim.claim_no);
    const bool stands =
        record.status == verdict.status && (accepted || (ours && record.generation == next));
    const bool open =
        ours && record.status == LedgerStatus::working && record.generation == claim.generation;
    if (!stands && (accepted || open)) {
        record.status = verdict.status;
        record.attempts += verdict.counts_attempt ? 1 : 0;
        record.generation = std::max(record.generation, next);
        record.sent_at = accepted ? std::optional(database_.now()) : record.sent_at;
        record.reply = details.at(0).value_or(details.at(1).value_or(verdict.reason));
        record.error = details.at(1).value_or(verdict.reason);
        record.recipient = details.at(2).value_or("");
        record.updated_at = database_.now();
    }
    if (stands || accepted || open) {
        settlement.action = runtime::Settlement::Action::ack;
    }
    faults_.after_effect();
    co_return settlement;
}

}  // namespace chatear::simulation
