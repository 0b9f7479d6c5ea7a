#pragma once

#include "deletion/table_shapes.hpp"

#include <string>
#include <string_view>

namespace chatear::deletion {

/// Whether a `user.recover`, or its dead letter, waits in the outbox (rule 11 a). A row that
/// JetStream refused stays; as an event it has become a dead letter, which comes through here by
/// itself. A recovery that cannot even be published as one waits for a person.
inline constexpr std::string_view recovery_waits_in_outbox =
    "EXISTS (SELECT FROM outbox WHERE subject IN ('user.recover', 'dlq.user.recover') "
    "AND (refused_reason IS NULL OR kind IS DISTINCT FROM 'event'))";

/// The statements of PostgresDeletionStore that depend on the types of the ids.
struct DeletionSql {
    explicit DeletionSql(const TableShapes& shapes);

    // Intake. Arrays in the order of the requests.
    /// $1 token digests. For each that is known: place (from 1), deletion_id, user_id.
    std::string find_tokens;
    /// $1 event ids, $2 users.id, $3 user_deletions.user_id, $4 deletions of tokens, $5 user ids as
    /// text. A row each in their order: what RequestFacts holds, the time, and a fresh id.
    std::string facts;
    /// change_parameters for what recoveries end; new deletions: ids, user ids, statuses,
    /// requested_at, next_mail_at, held reasons, held_from, times_held; requests: event ids, user
    /// ids, kinds, generations, published_at, outcomes, deletion ids, and $n received_at; used
    /// tokens; then outbox rows. How many of each were written: changed, created, entered.
    std::string enter;

    /// change_parameters, then outbox rows owned by places. The places that happened.
    std::string change;

    /// $1 user ids, $2 actions, $3 metas: the audit log, in this order.
    std::string audit;

    /// $1 ids: the users there are.
    std::string users;

    std::string due_mails;             ///< $1 most.
    std::string due_executions;        ///< $1 most.
    std::string due_executions_after;  ///< $1 most, $2 scheduled_at, $3 id of the one before.
    std::string find_deletion;         ///< $1 id.
    std::string find_open_deletion;    ///< $1 user id.
    std::string find_token;            ///< $1 token digest: status, used.

    // Execution.
    std::string lock_deletion;  ///< $1 id: the row, FOR UPDATE.
    /// $1 user id, $2 deletion id, $3 mail number, $4 mail id. The time, its UTC day, the slots
    /// taken and the lowest free one, what ExecutionFacts holds, and the user FOR UPDATE.
    std::string execution_facts;
    /// change_parameters, outbox rows; then day, slot, user id, holder, and executed_at where
    /// users_have_deleted_at. How many rows: slots, users, changed.
    std::string execute;

private:
    void add_reads(const TableShapes& shapes);
};

}  // namespace chatear::deletion
