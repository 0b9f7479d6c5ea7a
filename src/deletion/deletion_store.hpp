#pragma once

#include "base/clock.hpp"
#include "deletion/audit_chain.hpp"
#include "deletion/change.hpp"
#include "deletion/deletion.hpp"
#include "deletion/intake.hpp"
#include "deletion/life.hpp"
#include "runtime/ledger.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace chatear::deletion {

namespace asio = boost::asio;

/// How a request ended, for its handler or page.
struct RequestReply {
    RequestOutcome outcome = RequestOutcome::accepted;
    bool entered_before = false;  ///< Its key stood there already; nothing was done.
    std::string reason{};         ///< Of a rejection.
    std::string deletion_id{};    ///< Of what it made or ended; "" = nothing.
    std::string locale{};         ///< Of its user, where known.
};

/// What a recovery link is good for. Whether an account exists is never said.
enum class TokenState { usable, used, too_late, cancelled, unknown };

/// What `email_sends` says of one recovery mail.
struct MailRecord {
    runtime::LedgerStatus status = runtime::LedgerStatus::working;
    std::uint32_t generation = 0;
    std::uint32_t attempts = 0;
    std::uint32_t takeovers = 0;  ///< Of its latest generation that was worked on.
    std::optional<Time> sent_at{};
    std::string recipient{};
    std::string reply{};
    std::string error{};  ///< Why it failed, in words of ours.
    Time updated_at{};    ///< Of its claim, or of its verdict.
};

/// A queued deletion whose mail is due.
struct MailJob {
    Deletion deletion;
    std::optional<User> user;
    std::optional<MailRecord> record;  ///< Of mail `mail_number`.
    /// After a change of address (notice_number > 0): of the notice to the old one, and of the mail
    /// before it, which went to the old one.
    std::optional<MailRecord> notice_record;
    std::optional<MailRecord> former_record;
};

/// A slot of the daily limits, as it stands after having been asked for.
struct Slot {
    int number = 0;     ///< 1 to the limit.
    std::string day{};  ///< "2026-11-25", UTC, by the database's clock.
    int taken = 0;      ///< Slots taken that day, this one included.
    Time now{};         ///< The database's clock when it was taken.
};

struct ExecutionRequest {
    std::string deletion_id;
    std::string day;  ///< Whose Redis key was counted; must still be today.
    int limit = 10;
    std::chrono::milliseconds recovery_period{std::chrono::hours(24)};
    /// The database's clock as the pass read it: what became due later was not looked at by it.
    Time due_by = Time::max();
};

enum class ExecutionAnswer {
    executed,
    changed,             ///< A special case: held, failed, queued again. No slot taken.
    not_yet,             ///< Not due, not proven, or no longer scheduled.
    executed_elsewhere,  ///< Another instance has executed it: its count stays.
    pass_over,  ///< Nothing may be executed now: a recovery is worked on, or all is stopped (11).
    limit_reached,  ///< PostgreSQL has no slot left for that day.
    busy,           ///< Another instance executes: this pass ends.
    day_over,       ///< The UTC day has changed: count again under the new key.
};

/// Thrown where one deletion cannot be executed now for what is its own or its account's alone: a
/// lock that another transaction has, a trigger of the product's that fails. Nothing of it
/// happened.
class ExecutionBlocked final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Thrown where other transactions have rows that a request needs, as the account's row under a
/// foreign key of the product's. Nothing of its batch happened: a smaller one tells whose it is.
class RequestBlocked final : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// What the database says at the start of a pass.
struct DayState {
    Time now{};                                       ///< The database's clock_timestamp().
    std::string day{};                                ///< Its UTC day.
    int executed = 0;                                 ///< Slots of executions taken that day.
    std::optional<std::string> executions_stopped{};  ///< Why nothing may be executed.
    bool recovery_in_outbox = false;  ///< A `user.recover`, or its dead letter, waits there (11 a).
};

/// How far the dead letters of `user.recover` were looked at.
struct DeadLettersSeen {
    std::uint64_t sequence = 0;
    /// When their stream was made, as the server writes it: another one counts from 1 again. "" =
    /// not noted.
    std::string stream_created{};

    bool operator==(const DeadLettersSeen&) const = default;
};

/// Everything about deletions that is kept in PostgreSQL. Each call is one transaction; all throw
/// Unavailable("postgres"). An outcome unknown (the connection broke at the commit) is Unavailable
/// too, and every call may be repeated: keys and statuses make it happen once. Over PostgreSQL:
/// `PostgresDeletionStore`; in memory, for simulation:
/// `tests/simulation/memory_deletion_store.hpp`.
class DeletionStore {
public:
    virtual ~DeletionStore() = default;

    /// Decides (decide_request) and writes a batch, each under its user's lock; a reply a request.
    /// Throws RequestBlocked too.
    virtual asio::awaitable<std::vector<RequestReply>> enter(
        std::vector<Request> requests, std::optional<ClockOffset> offset
    ) = 0;

    /// For the recovery page's GET.
    virtual asio::awaitable<TokenState> look_up_token(std::string token_sha256) = 0;

    virtual asio::awaitable<DayState> day_state() = 0;

    /// Queued deletions with next_mail_at <= now(), by (next_mail_at, id).
    virtual asio::awaitable<std::vector<MailJob>> due_mails(std::size_t most) = 0;

    /// Scheduled deletions with scheduled_at <= now() behind the deletion `after` ("" = from the
    /// first), by (scheduled_at, id): their ids.
    virtual asio::awaitable<std::vector<std::string>> due_executions(
        std::string after, std::size_t most
    ) = 0;

    /// When the next mail or execution is due; nothing = none is planned.
    virtual asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() = 0;

    /// Carries out changes; whether each happened (its row was still as `before` says).
    virtual asio::awaitable<std::vector<bool>> apply(std::vector<Change> changes) = 0;

    /// Rule 6: a slot of today for `holder` (Letter::slot_holder()); asked again it is the same
    /// one. Nothing = all `limit` are taken.
    virtual asio::awaitable<std::optional<Slot>> take_mail_slot(
        std::string user_id, std::string holder, int limit
    ) = 0;
    /// Nothing left in this try, or it was refused: its slot of that day goes to another one.
    virtual asio::awaitable<void> pass_mail_slot(std::string holder, std::string next_holder) = 0;
    /// The try did not happen: its slot is free again.
    virtual asio::awaitable<void> free_mail_slot(std::string holder) = 0;

    /// Whether another e-mail was accepted within the hour before `moment` (rule 7).
    virtual asio::awaitable<bool> relay_accepted_before(Time moment) = 0;

    /// A link's token; all of a deletion's stay valid until it ends (rule 5).
    virtual asio::awaitable<void> add_token(std::string deletion_id, std::string token_sha256) = 0;

    /// Lets go of mails that were kept as proof of deletions which have ended, also of those that a
    /// process began after the end: they go with the others of their age. How many.
    virtual asio::awaitable<std::size_t> let_go_of_mails() = 0;

    /// Rule 8: one execution. Throws ExecutionBlocked too.
    virtual asio::awaitable<ExecutionAnswer> execute(ExecutionRequest request) = 0;

    /// The open deletion of a user, or of a token's deletion, is held because its recovery became a
    /// dead letter (11); false = there is no such user or token.
    virtual asio::awaitable<bool> hold_for_lost_recovery(
        std::string user_id, std::string token_sha256, std::string reason
    ) = 0;
    virtual asio::awaitable<DeadLettersSeen> dead_letters_seen() = 0;
    virtual asio::awaitable<void> set_dead_letters_seen(DeadLettersSeen seen) = 0;

    /// Nothing is executed any more until an operator says so; audited once.
    virtual asio::awaitable<void> stop_executions(std::string reason) = 0;

    /// Rule 14: once a UTC day the head of the audit log, which is published as `audit.head` with
    /// it; whoever asks first logs it. Nothing = it is told already (or, by default, that there is
    /// no such log).
    virtual asio::awaitable<std::optional<AuditHead>> tell_audit_head() { co_return std::nullopt; }
};

}  // namespace chatear::deletion
