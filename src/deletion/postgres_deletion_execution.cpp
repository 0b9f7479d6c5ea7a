#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "deletion/notices.hpp"
#include "deletion/postgres_deletion_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

/// Execution: rule 8.
namespace chatear::deletion {
namespace {

const std::string check_constraints = "SET CONSTRAINTS ALL IMMEDIATE";

// Any number, as long as it stays: one executes at a time. Who executes is waited for by all that
// is due, and waits for nobody's row for long.
const std::string try_lock =
    fmt::format("SELECT pg_try_advisory_xact_lock(7234109856120442), {}", brief_lock_waits);

constexpr std::string_view locked_by_another = "another transaction has its row or its account's";

/// Words of ours and the SQLSTATE: PostgreSQL's own may quote what is personal.
std::string why_blocked(const postgres::SqlError& error) {
    if (error.sqlstate == postgres::lock_not_available) {
        return std::string(locked_by_another);
    }
    if (error.sqlstate == postgres::statement_cancelled) {
        return "the update of its account takes longer than POSTGRES_STATEMENT_TIMEOUT";
    }
    return "the update of its account fails with SQLSTATE " + error.sqlstate;
}

}  // namespace

/// One execution on its way through its transaction.
struct PostgresDeletionStore::Execution {
    const Known& known;
    const ExecutionRequest& request;
    Deletion deletion{};
    ExecutionFacts facts{};
    Time now{};
    std::string day{};
    int taken = 0;
    int free_slot = 0;
    bool stopped = false;
    bool at_the_end = false;  // Only the audit log and the commit are left.
    std::string refused{};    // Why the product's table does not let us.

    Execution(const Known& of, const ExecutionRequest& asked) : known(of), request(asked) {}

    postgres::Params facts_params() const {
        postgres::Params params;
        params.optional_text(known.shapes.user_id.canonical(deletion.user_id));
        params.text(deletion.id).text(std::to_string(deletion.mail_number));
        params.text(mail_id(deletion, deletion.mail_number));
        return params;
    }

    void read_facts(const postgres::Rows& rows) {
        now = rows.time(0, "now");
        day = rows.text(0, "day");
        taken = static_cast<int>(rows.integer(0, "taken"));
        free_slot = static_cast<int>(rows.integer(0, "free_slot"));
        facts.user = read_user(rows, 0);
        facts.mail_proven = rows.boolean(0, "mail_proven");
        facts.recovery_pending = rows.boolean(0, "recovery_pending");
        stopped = rows.boolean(0, "stopped");
    }

    /// What the table refuses stays refused; anything else may be over at the next pass.
    void refuse(const postgres::SqlError& error) {
        const auto kind = postgres::classify(error.sqlstate);
        if (kind != postgres::SqlErrorClass::data && kind != postgres::SqlErrorClass::other) {
            throw ExecutionBlocked(why_blocked(error));
        }
        refused = error.sqlstate;
        if (!error.constraint.empty()) {
            refused += ", " + error.constraint;
        }
    }

    postgres::Params params(const Change& change) const {
        NoticeRows notices;
        notices.add(1, deletion.id, finish_notices(change.notices, deletion.id, facts.user));
        postgres::Params all;
        add_changes(all, std::vector<const Change*>(1, &change));
        notices.add_to(all);
        all.text(day).integer(free_slot).text(facts.user->id).text(deletion.id);
        if (known.shapes.users_have_deleted_at) {
            all.time(now);
        }
        return all;
    }
};

/// A deferred constraint of the product's would speak at the commit, when nobody can be held any
/// more.
asio::awaitable<bool> PostgresDeletionStore::keeps_constraints(
    StoreTransaction& transaction, Execution& execution
) {
    postgres::Params none;
    const postgres::QueryResult kept =
        co_await transaction.try_on_row(check_constraints, std::move(none));
    if (!kept) {
        execution.refuse(kept.error());
    }
    co_return kept.has_value();
}

asio::awaitable<ExecutionAnswer> PostgresDeletionStore::delete_account(
    StoreTransaction& transaction, Execution& execution
) {
    if (execution.day != execution.request.day) {
        co_return ExecutionAnswer::day_over;
    }
    if (execution.taken >= execution.request.limit) {
        co_return ExecutionAnswer::limit_reached;
    }
    const Change change =
        deletion::execute(execution.deletion, *execution.facts.user, execution.now);
    postgres::Params params = execution.params(change);
    const postgres::QueryResult done =
        co_await transaction.try_on_row(execution.known.sql.execute, std::move(params));
    if (!done) {
        execution.refuse(done.error());
        co_return ExecutionAnswer::changed;
    }
    if (done->integer(0, "slots") == 0) {
        co_return ExecutionAnswer::limit_reached;  // Somebody took it past our lock.
    }
    if (done->integer(0, "users") != 1) {
        // Its row is locked and was read here: a trigger or a policy of the product's said no.
        execution.refused = "no row was updated";
        co_return ExecutionAnswer::changed;
    }
    if (done->integer(0, "changed") != 1) {
        throw RepeatTransaction{};
    }
    const bool kept = co_await keeps_constraints(transaction, execution);
    if (!kept) {
        co_return ExecutionAnswer::changed;
    }
    execution.at_the_end = true;
    crash_point("before-execution");
    co_await finish(transaction, execution.known, change.audit);
    co_return ExecutionAnswer::executed;
}

asio::awaitable<ExecutionAnswer> PostgresDeletionStore::execute_in(
    StoreTransaction& transaction, Execution& execution
) {
    const DeletionSql& sql = execution.known.sql;
    postgres::Params none;
    const postgres::Rows locked = co_await transaction.run(try_lock, std::move(none));
    if (!locked.boolean(0, 0)) {
        co_return ExecutionAnswer::busy;
    }
    postgres::Params id;
    id.text(execution.request.deletion_id);
    const postgres::Rows row = co_await transaction.run(sql.lock_deletion, std::move(id));
    const std::optional<Deletion> deletion = row.empty() ? std::nullopt : read_deletion(row, 0);
    if (!deletion) {
        co_return ExecutionAnswer::not_yet;
    }
    if (deletion->status == Status::executed) {
        co_return ExecutionAnswer::executed_elsewhere;
    }
    execution.deletion = *deletion;
    postgres::Params asked = execution.facts_params();
    const postgres::Rows facts = co_await transaction.run(sql.execution_facts, std::move(asked));
    execution.read_facts(facts);
    if (execution.stopped || execution.facts.recovery_pending) {
        co_return ExecutionAnswer::pass_over;
    }
    const Time due_by = std::min(execution.now, execution.request.due_by);
    const ExecutionStep step =
        before_execution(*deletion, execution.facts, due_by, execution.request.recovery_period);
    if (std::holds_alternative<NotYet>(step)) {
        co_return ExecutionAnswer::not_yet;
    }
    if (std::holds_alternative<Execute>(step)) {
        co_return co_await delete_account(transaction, execution);
    }
    const std::vector<const Change*> changes(1, &std::get<Change>(step));
    const std::vector<std::size_t> happened =
        co_await change(transaction, execution.known, changes);
    if (happened.empty()) {
        throw RepeatTransaction{};
    }
    execution.at_the_end = true;
    co_await finish(transaction, execution.known, changes.front()->audit);
    co_return ExecutionAnswer::changed;
}

/// What keeps it from its row is its own: those behind it go on. The audit log's lock is all's.
asio::awaitable<ExecutionAnswer> PostgresDeletionStore::execute_alone(
    StoreTransaction& transaction, Execution& execution
) {
    try {
        co_return co_await execute_in(transaction, execution);
    } catch (const RepeatTransaction& repeat) {
        if (!repeat.waited_for_a_lock) {
            throw;
        }
        if (execution.at_the_end) {
            throw Unavailable("postgres", pool_.where(), "others have the audit log's lock");
        }
        throw ExecutionBlocked(std::string(locked_by_another));
    }
}

asio::awaitable<ExecutionAnswer> PostgresDeletionStore::execute(ExecutionRequest request) {
    const std::shared_ptr<const Known> tables = co_await known();
    if (!tables->shapes.deletion_id.canonical(request.deletion_id)) {
        co_return ExecutionAnswer::not_yet;
    }
    Execution last(*tables, request);
    std::string blocked;
    const std::function<asio::awaitable<ExecutionAnswer>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<ExecutionAnswer> {
        Execution execution(*tables, request);
        ExecutionAnswer answer = ExecutionAnswer::not_yet;
        try {
            answer = co_await execute_alone(transaction, execution);
        } catch (const ExecutionBlocked& why) {
            // Thrown again once our own lock is gone: the next execution needs it.
            blocked = why.what();
        }
        last.deletion = std::move(execution.deletion);
        last.refused = std::move(execution.refused);
        co_return answer;
    };
    ExecutionAnswer answer = ExecutionAnswer::not_yet;
    try {
        answer = co_await in_transaction(pool_, work);
    } catch (const RepeatedInVain& vain) {
        blocked = vain.why();
    }
    if (!blocked.empty()) {
        throw ExecutionBlocked(blocked);
    }
    if (last.refused.empty()) {
        co_return answer;
    }
    // One that can never run must not stand before the others for ever.
    log::error(
        "the table users refuses to mark an account as deleted; its deletion is held",
        {{"deletion_id", last.deletion.id}, {"reason", last.refused}}
    );
    const std::string reason = "the table users refuses the deletion (" + last.refused + ")";
    std::vector<Change> changes(1, hold(last.deletion, reason));
    const std::vector<bool> held = co_await apply(std::move(changes));
    co_return held.front() ? ExecutionAnswer::changed : ExecutionAnswer::not_yet;
}

}  // namespace chatear::deletion
