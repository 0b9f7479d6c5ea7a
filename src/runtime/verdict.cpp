#include "runtime/verdict.hpp"

#include "base/digest.hpp"
#include "base/utc.hpp"

#include <algorithm>
#include <utility>

namespace chatear::runtime {
namespace {

/// The event as it comes back, one generation on (rule 11).
OutboxRow coming_back(const VerdictContext& context) {
    const Event& event = context.event;
    OutboxRow row;
    row.kind = OutboxKind::event;
    row.subject = event.message.subject;
    row.payload = event.message.payload;
    row.headers = republished(event.message.headers);
    set_identity(row.headers, event.event_id, event.generation + 1, event.published_at);
    row.origin_subject = event.message.subject;
    row.event_id = event.event_id;
    row.generation = event.generation + 1;
    return row;
}

Verdict dead(const VerdictContext& context, LedgerStatus status, std::string reason) {
    Verdict verdict;
    verdict.status = status;
    verdict.counts_attempt = true;
    VerdictContext counted = context;
    counted.attempts = context.attempts + 1;
    verdict.publish.push_back(dead_letter(counted, context.event.event_id, reason));
    verdict.reason = std::move(reason);
    return verdict;
}

Verdict decide_retry(const Retry& retry, const VerdictContext& context) {
    const std::uint32_t attempts = context.attempts + 1;
    const auto delay = context.policy.delay_after(attempts, context.random);
    Verdict verdict;
    if (delay) {
        verdict.status = LedgerStatus::retrying;
        verdict.reason = retry.reason;
        verdict.delay = retry.after.value_or(*delay);
        verdict.publish.push_back(coming_back(context));
        verdict.publish.back().due_after = verdict.delay;
    } else {
        verdict = dead(context, LedgerStatus::failed, retry.reason);
    }
    verdict.counts_attempt = true;
    return verdict;
}

Verdict decide_defer(const Defer& defer, const VerdictContext& context) {
    Verdict verdict;
    verdict.status = LedgerStatus::deferred;
    verdict.reason = defer.reason;
    const Time due = std::max(defer.until, context.now);
    verdict.delay =
        defer.after.value_or(std::chrono::ceil<std::chrono::milliseconds>(due - context.now));
    verdict.publish.push_back(coming_back(context));
    if (defer.after) {
        verdict.publish.back().due_after = *defer.after;
    } else {
        verdict.publish.back().due_at = defer.until;
    }
    return verdict;
}

}  // namespace

bool Verdict::final() const {
    return status != LedgerStatus::retrying && status != LedgerStatus::deferred;
}

Verdict decide(const Outcome& outcome, const VerdictContext& context) {
    if (const auto* retry = std::get_if<Retry>(&outcome)) {
        return decide_retry(*retry, context);
    }
    if (const auto* defer = std::get_if<Defer>(&outcome)) {
        return decide_defer(*defer, context);
    }
    if (const auto* reject = std::get_if<Reject>(&outcome)) {
        return dead(context, LedgerStatus::failed, reject->reason);
    }
    if (const auto* hold = std::get_if<Hold>(&outcome)) {
        return dead(context, LedgerStatus::ambiguous, hold->reason);
    }
    Verdict done;
    done.counts_attempt = true;
    return done;
}

OutboxRow dead_letter(const VerdictContext& context, std::string_view id, std::string_view reason) {
    const Event& event = context.event;
    const StoredMessage& message = event.message;
    OutboxRow row;
    row.kind = OutboxKind::dead_letter;
    row.subject = dead_letter_subject(message.subject);
    row.payload = message.payload;
    row.headers = republished(message.headers);
    set_identity(row.headers, id, event.generation, event.published_at);
    set_header(row.headers, header::reason, header_value(reason));
    set_header(row.headers, header::dead_at, format_time(context.now));
    set_header(row.headers, header::attempts, std::to_string(context.attempts));
    set_header(row.headers, header::worker, std::string(context.worker));
    set_header(row.headers, header::subject, message.subject);
    set_header(row.headers, header::stream, message.stream);
    set_header(row.headers, header::stream_sequence, std::to_string(message.stream_sequence));
    set_header(row.headers, header::content_sha256, to_hex(event.content_sha256));
    row.origin_subject = message.subject;
    row.event_id = id;
    row.generation = event.generation;
    return row;
}

OutboxRow domain_event(const Event& event, DomainEvent told) {
    OutboxRow row;
    row.kind = OutboxKind::domain_event;
    row.subject = std::move(told.subject);
    row.payload = std::move(told.payload);
    row.origin_subject = event.message.subject;
    row.event_id = event.event_id;
    row.generation = event.generation;
    return row;
}

std::string dead_letter_subject(std::string_view subject) {
    return "dlq." + std::string(subject);
}

}  // namespace chatear::runtime
