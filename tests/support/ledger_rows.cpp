#include "support/ledger_rows.hpp"

#include <algorithm>

namespace chatear::test {

using runtime::ClaimAnswer;
using runtime::ClaimReply;
using runtime::ClaimRequest;
using runtime::LedgerStatus;
using runtime::VerdictRequest;

namespace {

bool waits(LedgerStatus status) {
    return status == LedgerStatus::retrying || status == LedgerStatus::deferred;
}

bool is_final(LedgerStatus status) {
    return status != LedgerStatus::working && !waits(status);
}

bool same_content(const LedgerRows::Row& row, const ClaimRequest& request) {
    return row.content_sha256.empty() || row.content_sha256 == request.content_sha256;
}

}  // namespace

ClaimReply LedgerRows::claim(
    const ClaimRequest& request, const std::string& instance, const WorkersTable& workers, Time now
) {
    const auto found = rows.find(key(request.subject, request.event_id));
    if (found == rows.end()) {
        if (request.generation == 0 && request.published_at < now - retention_) {
            ClaimReply unknown;
            unknown.answer = ClaimAnswer::too_old;
            return unknown;
        }
        insert(request, instance, now);
    } else {
        update(found->second, request, instance, workers, now);
    }
    return reply_from(rows.at(key(request.subject, request.event_id)), request, instance);
}

void LedgerRows::insert(const ClaimRequest& request, const std::string& instance, Time now) {
    Row& row = rows[key(request.subject, request.event_id)];
    row.generation = request.generation;
    row.claimed_by = instance;
    row.claim_no = request.claim_no;
    row.content_sha256 = request.content_sha256;
    row.published_at = request.published_at;
    row.content_at = may_leave_at(now);
    row.updated_at = now;
    row.claim_details = request.details;
}

void LedgerRows::update(
    Row& row,
    const ClaimRequest& request,
    const std::string& instance,
    const WorkersTable& workers,
    Time now
) const {
    const bool later = request.generation > row.generation;
    const bool same_generation = request.generation == row.generation;
    const bool fresh =
        row.status != LedgerStatus::done && (later || (same_generation && waits(row.status)));
    const bool working = same_generation && row.status == LedgerStatus::working;
    const bool released = workers.released(row.claimed_by);
    const bool dead = row.claimed_by != instance && row.updated_at <= now &&
                      workers.dead(row.claimed_by, instance, now);
    if (!same_content(row, request) || !(fresh || (working && (released || dead)))) {
        return;
    }
    if (fresh) {
        row.takeovers = 0;
        row.content_in_doubt = false;
    } else if (!released) {
        ++row.takeovers;
        row.content_in_doubt = row.content_in_doubt || row.content_at.has_value();
    }
    row.content_at = may_leave_at(now);
    row.status = LedgerStatus::working;
    row.generation = request.generation;
    row.claimed_by = instance;
    row.claim_no = request.claim_no;
    row.content_sha256 = request.content_sha256;
    row.updated_at = now;
    if (row.claim_details.empty()) {
        row.claim_details = request.details;
    }
}

ClaimReply LedgerRows::reply_from(
    const Row& row, const ClaimRequest& request, const std::string& instance
) const {
    ClaimReply reply;
    reply.attempts = row.attempts;
    reply.takeovers = row.takeovers;
    const bool ours = row.claimed_by == instance && row.claim_no == request.claim_no;
    if (!same_content(row, request)) {
        reply.answer = ClaimAnswer::conflict;
    } else if (row.generation > request.generation) {
        reply.answer = ClaimAnswer::stale;
    } else if (row.status == LedgerStatus::working && ours) {
        reply.answer = row.takeovers > 0 ? ClaimAnswer::taken_over : ClaimAnswer::granted;
        reply.content_may_have_left = row.content_in_doubt;
        reply.already_accepted = row.content_accepted;
    } else if (row.status == LedgerStatus::working) {
        reply.answer = ClaimAnswer::held;
    } else {
        const bool same_generation = row.generation == request.generation;
        reply.answer = same_generation ? ClaimAnswer::finished : ClaimAnswer::stale;
    }
    return reply;
}

bool LedgerRows::record(
    const VerdictRequest& request, const std::string& instance, OutboxTable& outbox, Time now
) {
    const auto found = rows.find(key(request.subject, request.event_id));
    if (found == rows.end()) {
        return false;
    }
    Row& row = found->second;
    const bool done = request.status == LedgerStatus::done;
    const std::uint32_t next = request.generation + (waits(request.status) ? 1 : 0);
    const bool ours = row.claimed_by == instance && row.claim_no == request.claim_no;
    const bool writes =
        done ? row.status != LedgerStatus::done
             : ours && row.status == LedgerStatus::working && row.generation == request.generation;
    if (!writes) {
        return done || (ours && row.status == request.status && row.generation == next);
    }
    row.status = request.status;
    row.attempts += request.counts_attempt ? 1 : 0;
    row.generation = std::max(row.generation, next);
    row.reason = request.reason;
    row.updated_at = now;
    if (!request.details.empty()) {
        row.verdict_details = request.details;
    }
    if (done) {
        outbox.take_back(request.subject, request.event_id);
    }
    for (const runtime::OutboxRow& published : request.publish) {
        outbox.insert(published, now);
    }
    return true;
}

bool LedgerRows::begin_content(
    const runtime::Ledger::ContentRequest& request, const std::string& instance, Time now
) {
    const auto found = rows.find(key(request.subject, request.event_id));
    if (found == rows.end()) {
        return false;
    }
    Row& row = found->second;
    const bool ours = row.status == LedgerStatus::working && row.generation == request.generation &&
                      row.claimed_by == instance && row.claim_no == request.claim_no;
    if (ours) {
        row.content_at = now;
    }
    return ours;
}

void LedgerRows::speak_for(const runtime::FlightLog& dead, OutboxTable& outbox, Time now) {
    std::map<Key, const runtime::Flight*> flights;
    for (const runtime::Flight& flight : dead.flights) {
        if (table_.has_subject || flight.subject == table_.subject) {
            flights[key(flight.subject, flight.event_id)] = &flight;
        }
    }
    for (auto& [of, row] : rows) {
        const auto found = flights.find(of);
        const bool begun = found != flights.end() && found->second->claim_no == row.claim_no &&
                           found->second->generation == row.generation;
        const bool its_own = row.status == LedgerStatus::working && row.claimed_by == dead.instance;
        if (its_own && !begun && dead.complete) {
            row.content_at.reset();
        }
        if (found == flights.end() || !found->second->accepted) {
            continue;
        }
        if (row.status == LedgerStatus::working || waits(row.status)) {
            row.content_accepted = true;
        } else if (row.status != LedgerStatus::done) {
            row.status = LedgerStatus::done;
            row.updated_at = now;
            outbox.take_back(found->second->subject, found->second->event_id);
        }
    }
}

std::size_t LedgerRows::remove_final_rows(
    std::chrono::milliseconds age, std::size_t most, Time now
) {
    std::size_t removed = 0;
    for (auto row = rows.begin(); row != rows.end() && removed < most;) {
        const bool goes = is_final(row->second.status) && row->second.updated_at < now - age;
        row = goes ? rows.erase(row) : std::next(row);
        removed += goes ? 1 : 0;
    }
    return removed;
}

void LedgerRows::fail_refused(
    const runtime::TakenRow& refused, const std::string& reason, Time now
) {
    const auto found = rows.find(key(refused.origin_subject, refused.event_id));
    if (found != rows.end() && found->second.generation == refused.generation &&
        waits(found->second.status)) {
        found->second.status = LedgerStatus::failed;
        found->second.reason = reason;
        found->second.updated_at = now;
    }
}

}  // namespace chatear::test
