#pragma once

#include "base/clock.hpp"
#include "deletion/change.hpp"
#include "deletion/deletion.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a request (`user.delete`, `user.recover`, the recovery page) leads to: pure decisions.
namespace chatear::deletion {

enum class RequestKind { deletion, recovery };
std::string_view to_text(RequestKind kind);  ///< "delete", "recover": `deletion_requests.kind`.

/// A request as it arrived. One over the recovery page has a random key.
struct Request {
    RequestKind kind = RequestKind::deletion;
    std::string
        event_id;  ///< With `kind` the event's key: for ever in `deletion_requests` (rule 1).
    std::uint32_t generation = 0;
    std::optional<Time> published_at{};  ///< When JetStream first stored it, by NATS's clock;
                                         ///< nothing for one of the page or the tool.
    std::string user_id{};               ///< As the event says; empty when only a token is known.
    std::string token_sha256{};          ///< Of a recovery by token; 32 raw bytes.
    bool by_page = false;
};

/// How a request ended; the words in `deletion_requests.outcome`.
enum class RequestOutcome {
    accepted,     ///< A new deletion, or a recovery that cancelled one.
    pending,      ///< A deletion was under way already; nothing changed.
    done_before,  ///< The account is deleted already.
    superseded,   ///< Published before that user's latest recovery: nothing starts (rule 2).
    held,         ///< Nobody can say which came first: a deletion that waits for a person.
    nothing,      ///< A recovery with nothing to recover.
    too_late,     ///< A recovery after execution.
    rejected,     ///< Unknown user or token: a dead letter, which a replay may overwrite.
};
std::string_view to_text(RequestOutcome outcome);
std::optional<RequestOutcome> parse_outcome(std::string_view word);

/// What stands in the way of, or for, one request, read under its user's lock.
struct RequestFacts {
    /// The row of the same key, if there is one.
    struct Entered {
        RequestOutcome outcome = RequestOutcome::accepted;
        std::uint32_t generation = 0;
    };
    std::optional<Entered> entered{};
    std::optional<User> user{};          ///< Nothing: there is no such user.
    std::optional<Deletion> open{};      ///< The user's deletion under way.
    std::optional<Deletion> of_token{};  ///< The token's deletion, whatever its status.
    std::optional<Deletion> last_executed{};
    /// The user's latest recoveries that were not rejected: of those that were events by NATS's
    /// clock (max published_at), of the others by the database's (max received_at).
    std::optional<Time> last_recovery_published{};
    std::optional<Time> last_recovery_received{};
};

/// NATS's clock minus the database's, between two bounds; as wide as the measurement was unsure.
struct ClockOffset {
    std::chrono::microseconds least{};
    std::chrono::microseconds most{};
};

/// What is to be written for a request.
struct RequestDecision {
    /// Nothing: this key stands already and changes nothing, for ever (rule 1).
    std::optional<RequestOutcome> outcome{};
    std::string user_id{};             ///< Canonical; as asked where the user is not known.
    std::optional<Deletion> create{};  ///< Without an id: the database draws it.
    std::optional<Change> change{};    ///< Of the deletion that a recovery ends.
    /// Beside the change's own. Those of a new deletion get its id from name_deletion().
    std::vector<AuditEntry> audit{};
    std::vector<Notice> notices{};  ///< Of the new deletion; for finish_notices().
    std::string reason{};           ///< Of a rejection, also of one that stands; for people.
};

/// Writes the id that the database drew into the new deletion and its audit entries.
void name_deletion(RequestDecision& decision, const std::string& deletion_id);

/// Rules 1 to 3 and 11 for one request. `offset`: nothing where it could not be measured, then any
/// doubt holds.
RequestDecision decide_request(
    const Request& request,
    const RequestFacts& facts,
    const std::optional<ClockOffset>& offset,
    Time now
);

}  // namespace chatear::deletion
