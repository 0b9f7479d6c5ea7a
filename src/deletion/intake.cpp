#include "deletion/intake.hpp"

#include "base/assert.hpp"
#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"
#include "deletion/intake_order.hpp"
#include "deletion/life.hpp"
#include "deletion/notices.hpp"

#include <array>
#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::array<std::pair<RequestOutcome, std::string_view>, 8> words{{
    {RequestOutcome::accepted, "accepted"},
    {RequestOutcome::pending, "pending"},
    {RequestOutcome::done_before, "done_before"},
    {RequestOutcome::superseded, "superseded"},
    {RequestOutcome::held, "held"},
    {RequestOutcome::nothing, "nothing"},
    {RequestOutcome::too_late, "too_late"},
    {RequestOutcome::rejected, "rejected"},
}};

std::string_view rejection_reason(const Request& request) {
    return request.token_sha256.empty() ? "user_id: there is no such user"
                                        : "token: no recovery mail had it";
}

AuditEntry audit_of(const Request& request, const std::string& user_id, std::string_view action) {
    AuditEntry entry{user_id, std::string(action)};
    entry.meta["event_id"] = request.event_id;
    if (request.published_at) {
        entry.meta["published_at"] = format_time(*request.published_at);
    }
    return entry;
}

/// A request that ends without a deletion made or ended.
RequestDecision end(
    const Request& request,
    RequestOutcome outcome,
    const std::string& user_id,
    std::string_view action,
    const std::optional<Deletion>& about = std::nullopt
) {
    RequestDecision decision;
    decision.outcome = outcome;
    decision.user_id = user_id;
    decision.audit.push_back(audit_of(request, user_id, action));
    if (about) {
        decision.audit.back().meta["deletion_id"] = about->id;
    }
    if (outcome == RequestOutcome::rejected) {
        decision.reason = rejection_reason(request);
        decision.audit.back().meta["reason"] = decision.reason;
    }
    return decision;
}

RequestDecision new_deletion(const Request& request, const User& user, Time now) {
    RequestDecision decision;
    decision.outcome = RequestOutcome::accepted;
    decision.user_id = user.id;
    decision.create.emplace();
    decision.create->user_id = user.id;
    decision.create->requested_at = now;
    decision.create->next_mail_at = now;
    decision.audit.push_back(audit_of(request, user.id, audit::requested));
    Notice notice = domain_event(subject::requested, "requested", user.id);
    notice.payload["requested_at"] = format_time(now);
    decision.notices.push_back(std::move(notice));
    return decision;
}

/// Nobody can say whether the deletion or the recovery was asked for first.
RequestDecision held_deletion(const Request& request, const User& user, Time now) {
    RequestDecision decision = new_deletion(request, user, now);
    Change held = hold(
        *decision.create,
        "asked for at about the time of a recovery: nobody can say which came first"
    );
    decision.outcome = RequestOutcome::held;
    decision.create = std::move(held.after);
    for (AuditEntry& entry : held.audit) {
        decision.audit.push_back(std::move(entry));
    }
    for (Notice& notice : held.notices) {
        decision.notices.push_back(std::move(notice));
    }
    return decision;
}

RequestDecision decide_deletion(
    const Request& request,
    const RequestFacts& facts,
    const std::optional<ClockOffset>& offset,
    Time now
) {
    const std::string& user_id = facts.user ? facts.user->id : request.user_id;
    if (facts.user ? facts.user->is_deleted : facts.last_executed.has_value()) {
        return end(
            request,
            RequestOutcome::done_before,
            user_id,
            audit::already_deleted,
            facts.last_executed
        );
    }
    if (!facts.user) {
        return end(request, RequestOutcome::rejected, user_id, audit::rejected);
    }
    const Order order = order_of(request, facts, offset);
    if (order == Order::deletion_first) {
        return end(request, RequestOutcome::superseded, user_id, audit::superseded);
    }
    if (facts.open) {
        return end(request, RequestOutcome::pending, user_id, audit::requested_again, facts.open);
    }
    return order == Order::unknown ? held_deletion(request, *facts.user, now)
                                   : new_deletion(request, *facts.user, now);
}

RequestDecision recover(const Request& request, const Deletion& open, Time now) {
    RequestDecision decision;
    decision.outcome = RequestOutcome::accepted;
    decision.user_id = open.user_id;
    decision.change = cancel(
        open, request.by_page ? CancelledBy::recovery_page : CancelledBy::recovery_event, now
    );
    boost::json::object& meta = decision.change->audit.front().meta;
    meta["event_id"] = request.event_id;
    if (request.published_at) {
        meta["published_at"] = format_time(*request.published_at);
    }
    return decision;
}

/// By a link: it is for its own deletion only.
RequestDecision decide_recovery_by_token(
    const Request& request, const RequestFacts& facts, Time now
) {
    if (!facts.of_token) {
        return end(request, RequestOutcome::rejected, "", audit::recovery_rejected);
    }
    const Deletion& deletion = *facts.of_token;
    if (is_open(deletion.status)) {
        return recover(request, deletion, now);
    }
    const bool executed = deletion.status == Status::executed;
    return end(
        request,
        executed ? RequestOutcome::too_late : RequestOutcome::nothing,
        deletion.user_id,
        executed ? audit::recovery_too_late : audit::recovery_without_deletion,
        deletion
    );
}

RequestDecision decide_recovery_by_user(
    const Request& request, const RequestFacts& facts, Time now
) {
    if (facts.open) {
        return recover(request, *facts.open, now);
    }
    const std::string& user_id = facts.user ? facts.user->id : request.user_id;
    if (facts.user ? facts.user->is_deleted : facts.last_executed.has_value()) {
        return end(
            request,
            RequestOutcome::too_late,
            user_id,
            audit::recovery_too_late,
            facts.last_executed
        );
    }
    if (!facts.user) {
        return end(request, RequestOutcome::rejected, user_id, audit::recovery_rejected);
    }
    return end(request, RequestOutcome::nothing, user_id, audit::recovery_without_deletion);
}

}  // namespace

std::string_view to_text(RequestKind kind) {
    return kind == RequestKind::deletion ? "delete" : "recover";
}

std::string_view to_text(RequestOutcome outcome) {
    return words.at(static_cast<std::size_t>(outcome)).second;
}

std::optional<RequestOutcome> parse_outcome(std::string_view word) {
    for (const auto& [outcome, its_word] : words) {
        if (its_word == word) {
            return outcome;
        }
    }
    return std::nullopt;
}

void name_deletion(RequestDecision& decision, const std::string& deletion_id) {
    CHATEAR_ASSERT(decision.create);
    decision.create->id = deletion_id;
    for (AuditEntry& entry : decision.audit) {
        entry.meta["deletion_id"] = deletion_id;
    }
}

RequestDecision decide_request(
    const Request& request,
    const RequestFacts& facts,
    const std::optional<ClockOffset>& offset,
    Time now
) {
    if (facts.entered) {
        const bool rejected = facts.entered->outcome == RequestOutcome::rejected;
        if (!rejected || request.generation <= facts.entered->generation) {
            RequestDecision stands;
            stands.reason = rejected ? rejection_reason(request) : std::string_view();
            return stands;
        }
    }
    if (request.kind == RequestKind::deletion) {
        return decide_deletion(request, facts, offset, now);
    }
    return request.token_sha256.empty() ? decide_recovery_by_user(request, facts, now)
                                        : decide_recovery_by_token(request, facts, now);
}

}  // namespace chatear::deletion
