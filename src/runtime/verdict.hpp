#pragma once

#include "runtime/event.hpp"
#include "runtime/ledger.hpp"
#include "runtime/outbox.hpp"
#include "runtime/outcome.hpp"
#include "runtime/retry_policy.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// What we tell others about an event's end, published with its verdict.
struct DomainEvent {
    std::string subject;  ///< "email.failed"
    std::string payload;
};

/// What a verdict is made of, beside the handler's outcome.
struct VerdictContext {
    const Event& event;
    std::string_view worker;
    std::uint32_t attempts = 0;  ///< Counted before this verdict.
    RetryPolicy policy{};
    double random = 0;  ///< In [0, 1), for the delay.
    Time now;           ///< For a dead letter's header only; the database's clock decides.
};

/// What is to be written and published.
struct Verdict {
    LedgerStatus status = LedgerStatus::done;
    bool counts_attempt = false;  ///< All but a deferral count.
    std::string reason;
    std::vector<OutboxRow> publish{};
    /// For a worker without PostgreSQL, which waits with a delayed NAK.
    std::chrono::milliseconds delay{};

    bool final() const;  ///< Not retrying, not deferred.
};

/// Decides from an outcome: pure. A Retry after the last attempt is a dead letter.
Verdict decide(const Outcome& outcome, const VerdictContext& context);

/// The dead letter of an event (rule 20), for an event that got no claim (`conflict`, `too old`) as
/// well. `id` is its event id, or its conflict_id().
OutboxRow dead_letter(const VerdictContext& context, std::string_view id, std::string_view reason);

/// What the event's end is told to others as.
OutboxRow domain_event(const Event& event, DomainEvent told);

/// Where dead letters of `subject` go.
std::string dead_letter_subject(std::string_view subject);

}  // namespace chatear::runtime
