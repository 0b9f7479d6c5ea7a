#pragma once

#include "base/clock.hpp"
#include "runtime/flight_log.hpp"
#include "runtime/outbox.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Where an event stands. The words in the table are these names, except that each ledger calls
/// `working` and `done` by words of its own (`email_sends`: `sending`, `sent`).
enum class LedgerStatus {
    working,    ///< A handler has it, or a process died with it.
    done,       ///< Final: its effect happened.
    retrying,   ///< It failed and waits in the outbox.
    deferred,   ///< It waits in the outbox without having failed.
    failed,     ///< Final: it is a dead letter.
    ambiguous,  ///< Final until a person decides: nobody knows whether its effect happened.
};

/// A column that a ledger has beside the common ones, and the SQL type that its text is cast to.
struct LedgerColumn {
    std::string name;
    std::string type;
    std::string absent = "NULL";  ///< SQL: what a new row has where a claim says nothing of it.
};

/// One table that is the ledger of one subject (`email_sends`) or of several (`event_ledger`).
struct LedgerTable {
    std::string name = "event_ledger";
    bool has_subject = true;  ///< Whether `subject` is part of its key.
    std::string subject{};    ///< Whose ledger it is, where it is not.
    std::string working_word = "working";
    std::string done_word = "done";
    std::vector<LedgerColumn> claim_columns{};    ///< Written when a row is made (recipient, ...).
    std::vector<LedgerColumn> verdict_columns{};  ///< Written by a verdict (smtp_reply, ...).
    std::string done_at_column{};                 ///< Set to now() by `done`; empty = none.
    std::string reply_column{};  ///< One of verdict_columns: what the other side said to a content.
    std::string kept_column{};   ///< A boolean; final rows with it outlive `age`. Empty = none.
    /// Whether begin_content() is called before each content (rule 13, `hold`) and writes
    /// content_at, since when the content may have left. Otherwise a claim does.
    bool keeps_content_at = false;
};

/// A handler asks to work on an event (delivery.md, rules 2, 3, 6, 7, 8).
struct ClaimRequest {
    std::string subject;
    std::string event_id;
    std::uint32_t generation = 0;
    std::uint64_t claim_no =
        0;  ///< Of this process's counter; the same again gets the same answer.
    std::string content_sha256;  ///< 32 raw bytes.
    Time published_at;           ///< When JetStream first stored the event.
    std::vector<std::optional<std::string>>
        details{};  ///< One for each of claim_columns, or none at all.
};

enum class ClaimAnswer {
    granted,     ///< A new row, or one that waited; or our own claim, asked again.
    taken_over,  ///< Granted, from a holder that is dead; its content may have left.
    finished,    ///< A final row of this generation: ack, do nothing.
    stale,       ///< The row is of a higher generation, or `done`: ack, do nothing.
    held,        ///< A live process has it: NAK with a delay.
    conflict,    ///< The row has another content: a dead letter, the row untouched (rule 2).
    too_old,     ///< First stored before the retention, generation 0, no row (rule 3).
};

struct ClaimReply {
    ClaimAnswer answer = ClaimAnswer::held;
    std::uint32_t attempts = 0;          ///< Verdicts so far, deferrals not counted.
    std::uint32_t takeovers = 0;         ///< From dead processes, this one included.
    bool content_may_have_left = false;  ///< Of a taken-over event: in the hands of a dead process.
    bool already_accepted = false;       ///< Its effect happened in the hands of a dead process.
};

/// How a handler ended. Written with what is to be published in one statement (rule 9).
struct VerdictRequest {
    std::string subject;
    std::string event_id;
    std::uint32_t generation = 0;
    std::uint64_t claim_no = 0;
    LedgerStatus status = LedgerStatus::done;  ///< Not `working`.
    bool counts_attempt = false;
    std::string reason;  ///< For people; "" with `done`.
    std::vector<std::optional<std::string>>
        details{};                     ///< One for each of verdict_columns, or none at all.
    std::vector<OutboxRow> publish{};  ///< Inserted from the UPDATE's RETURNING.
};

/// Where the state of every event stands; all rules about one event's life meet here. Batches may
/// hold a key more than once and in any order. Everything throws Unavailable("postgres").
///
/// The one over PostgreSQL is `PostgresLedger(postgres::Pool&, Identity, LedgerTable, retention)`
/// in postgres_ledger.hpp; `retention` (milliseconds) is what rule 3 measures by.
///
/// `retrying` and `deferred` raise the row's generation by one, to that of the outbox row which
/// brings the event back (rule 11).
class Ledger {
public:
    virtual ~Ledger() = default;

    /// One reply for each request, in their order.
    virtual asio::awaitable<std::vector<ClaimReply>> claim(std::vector<ClaimRequest> requests) = 0;

    /// Whether each verdict matched a row and stands (rule 10): one that did not is dropped from
    /// hand without an ack. `done` matches the event alone and deletes its outbox rows of kind
    /// `event` that are not published yet. A verdict that stands already (the same claim, the same
    /// status: asked again after a broken connection) counts as matched, and publishes nothing
    /// twice.
    virtual asio::awaitable<std::vector<bool>> record(std::vector<VerdictRequest> requests) = 0;

    /// Commits `content_at` = now() for claims that are still ours (rule 13, `hold`); whether it
    /// is.
    struct ContentRequest {
        std::string subject;
        std::string event_id;
        std::uint32_t generation = 0;
        std::uint64_t claim_no = 0;
    };
    virtual asio::awaitable<std::vector<bool>> begin_content(std::vector<ContentRequest> requests
    ) = 0;

    /// Writes down what the flight recorder of a process that is surely dead says of its claims.
    /// Those without a flight have not begun their content, if the log is complete; what was
    /// accepted is answered with `already_accepted` from now on, and becomes `done` at once where
    /// somebody else's verdict stands. Before Registry::declare_dead(); may be asked again.
    virtual asio::awaitable<void> speak_for(FlightLog dead) = 0;

    /// Removes at most `most` final rows not updated for `age`, but none that is kept; how many
    /// went.
    virtual asio::awaitable<std::size_t> remove_final_rows(
        std::chrono::milliseconds age, std::size_t most
    ) = 0;
};

}  // namespace chatear::runtime
