#include "memory_mail_judge.hpp"

#include "mail/message_id.hpp"

#include <utility>

namespace chatear::simulation {

using runtime::ClaimAnswer;
using runtime::LedgerStatus;

namespace {

std::string message_id_of(const runtime::Event& event) {
    return mail::stable_message_id(event.event_id, "chatear.example");
}

}  // namespace

asio::awaitable<runtime::ClaimReply> MemoryMailJudge::claim(
    const runtime::Event& event,
    std::uint64_t claim_no,
    std::vector<std::optional<std::string>> details
) {
    faults_.before_effect();
    const bool is_new = !database_.mails.contains(event.event_id);
    MemoryDatabase::MailRow& row = database_.mails[event.event_id];
    runtime::ClaimReply reply;
    reply.attempts = row.record.attempts;
    const bool waits =
        row.record.status == LedgerStatus::retrying || row.record.status == LedgerStatus::deferred;
    if (!is_new && event.generation < row.record.generation) {
        reply.answer = ClaimAnswer::stale;
        co_return reply;
    }
    if (is_new || waits) {
        reply.answer = ClaimAnswer::granted;
    } else if (row.record.status == LedgerStatus::working) {
        const bool dead = !living_.contains(row.claimed_by);
        reply.answer = dead ? ClaimAnswer::taken_over : ClaimAnswer::held;
        reply.content_may_have_left = dead && row.content_begun;
    } else {
        reply.answer = ClaimAnswer::finished;
    }
    if (reply.answer == ClaimAnswer::taken_over) {
        relay_.verdict_is_lost(message_id_of(event));
    }
    if (reply.answer == ClaimAnswer::granted || reply.answer == ClaimAnswer::taken_over) {
        row.record.status = LedgerStatus::working;
        row.record.generation = event.generation;
        if (is_new) {
            row.record.recipient = details.front().value_or("");
        }
        row.claimed_by = process_;
        row.claim_no = claim_no;
        row.content_begun = false;
    }
    faults_.after_effect();
    co_return reply;
}

asio::awaitable<bool> MemoryMailJudge::begin_content(
    const runtime::Event& event, runtime::Claim& claim
) {
    faults_.before_effect();
    MemoryDatabase::MailRow& row = database_.mails.at(event.event_id);
    const bool ours = is_ours(row, claim.claim_no);
    row.content_begun = row.content_begun || ours;
    co_return ours;
}

asio::awaitable<runtime::Settlement> MemoryMailJudge::record(
    const runtime::Event& event,
    const runtime::Claim& claim,
    runtime::Verdict verdict,
    std::vector<std::optional<std::string>> details
) {
    faults_.before_effect();
    MemoryDatabase::MailRow& row = database_.mails.at(event.event_id);
    const bool stands = verdict.status == LedgerStatus::done || is_ours(row, claim.claim_no);
    runtime::Settlement settlement;
    if (!stands) {
        settlement.action = runtime::Settlement::Action::drop;
        co_return settlement;
    }
    relay_.verdict_stands(message_id_of(event));
    row.record.status = verdict.status;
    row.record.attempts += verdict.counts_attempt ? 1 : 0;
    if (!verdict.final()) {
        ++row.record.generation;
    }
    if (verdict.status == LedgerStatus::done && !row.record.sent_at) {
        row.record.sent_at = database_.now();
    }
    row.record.reply = details.at(0).value_or("");
    row.record.recipient = details.at(2).value_or("");
    faults_.after_effect();
    co_return settlement;
}

}  // namespace chatear::simulation
