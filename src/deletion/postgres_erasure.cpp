#include "deletion/postgres_erasure.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "deletion/deletion_rows.hpp"
#include "deletion/erasure_sql.hpp"
#include "deletion/table_shapes.hpp"
#include "runtime/store_statement.hpp"

#include <functional>
#include <utility>

namespace chatear::deletion {
namespace {

const std::string select_stopped =
    "SELECT value FROM deletion_state WHERE name = 'executions_stopped'";

// A deferred constraint of the product's would speak at the commit.
const std::string check_constraints = "SET CONSTRAINTS ALL IMMEDIATE";

constexpr std::string_view locked_by_another = "another transaction has rows of its account";

std::vector<UserColumn> read_columns(const postgres::Rows& rows) {
    std::vector<UserColumn> columns(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
        UserColumn& column = columns[row];
        column.name = rows.text(row, "name");
        column.type = rows.text(row, "type");
        column.is_text = rows.boolean(row, "is_text");
        column.may_be_null = rows.boolean(row, "may_be_null");
        column.generated = rows.boolean(row, "generated");
        column.primary_key = rows.boolean(row, "primary_key");
        column.unique = rows.boolean(row, "is_unique");
        if (!rows.is_null(row, "most_characters")) {
            column.most_characters = static_cast<std::size_t>(rows.integer(row, "most_characters"));
        }
    }
    return columns;
}

/// Of ids as text; 0 = not known.
std::size_t longest_of(const IdType& type) {
    return type.name == "uuid"       ? 36
           : type.name == "bigint"   ? 20
           : type.name == "integer"  ? 11
           : type.name == "smallint" ? 6
                                     : 0;
}

/// Words of ours and the SQLSTATE: PostgreSQL's own may quote what is personal.
std::string why_blocked(const postgres::SqlError& error) {
    if (error.sqlstate == postgres::lock_not_available) {
        return std::string(locked_by_another);
    }
    if (error.sqlstate == postgres::statement_cancelled) {
        return "an update of its rows takes longer than POSTGRES_STATEMENT_TIMEOUT";
    }
    return "an update of its rows fails with SQLSTATE " + error.sqlstate;
}

}  // namespace

struct PostgresErasure::Tables {
    Tables(TableShapes of, ErasurePlan planned)
        : shapes(std::move(of)), plan(std::move(planned)), sql(shapes, plan) {}

    TableShapes shapes;
    ErasurePlan plan;
    ErasureSql sql;
};

/// One erasure on its way through its transaction.
struct PostgresErasure::Attempt {
    Erasure erasure;
    Mode mode = Mode::carry_out;
    bool at_the_end = false;  // Only the audit log and the commit are left.

    bool goes_on() const { return erasure.answer == ErasureAnswer::erased; }

    void block(std::string why) {
        erasure.answer = ErasureAnswer::blocked;
        erasure.why = std::move(why);
    }

    void refuse(std::string why) {
        erasure.answer = ErasureAnswer::refused;
        erasure.why = std::move(why);
    }

    /// What the table refuses stays refused; anything else may be over at the next round.
    void stop_at(const postgres::SqlError& error) {
        const auto kind = postgres::classify(error.sqlstate);
        if (kind != postgres::SqlErrorClass::data && kind != postgres::SqlErrorClass::other) {
            block(why_blocked(error));
            return;
        }
        const std::string named = error.constraint.empty() ? "" : ", " + error.constraint;
        refuse("SQLSTATE " + error.sqlstate + named);
    }
};

PostgresErasure::PostgresErasure(postgres::Pool& pool, ErasureSettings settings)
    : pool_(pool), settings_(std::move(settings)) {
    CHATEAR_ASSERT(settings_.after);
}

asio::awaitable<Result<void>> PostgresErasure::prepare() {
    TableShapes shapes = co_await read_table_shapes(pool_);
    postgres::Params none;
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, select_user_columns, std::move(none));
    const std::vector<UserColumn> columns = read_columns(rows);
    Result<ErasurePlan> plan = plan_erasure(settings_.columns, columns, longest_of(shapes.user_id));
    if (!plan) {
        co_return plan.error();
    }
    tables_ = std::make_shared<const Tables>(std::move(shapes), std::move(*plan));
    co_return Result<void>();
}

const std::vector<std::string>& PostgresErasure::absent_columns() const {
    CHATEAR_ASSERT(tables_);
    return tables_->plan.absent;
}

asio::awaitable<std::optional<std::string>> PostgresErasure::stopped_for() {
    postgres::Params none;
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, select_stopped, std::move(none));
    co_return rows.empty() ? std::nullopt : rows.optional_text(0, "value");
}

asio::awaitable<std::vector<PostgresErasure::Due>> PostgresErasure::due(
    std::optional<Due> behind, std::size_t most
) {
    CHATEAR_ASSERT(tables_);
    postgres::Params params;
    params.integer(settings_.after->count()).integer(static_cast<std::int64_t>(most));
    if (behind) {
        params.time(behind->executed_at).text(behind->deletion_id);
    }
    const std::string& statement = behind ? tables_->sql.due_behind : tables_->sql.due;
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, statement, std::move(params));
    std::vector<Due> found;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        found.push_back({std::string(rows.text(row, "id")), rows.time(row, "executed_at")});
    }
    co_return found;
}

asio::awaitable<Erasure> PostgresErasure::erase(std::string deletion_id, Mode mode) {
    CHATEAR_ASSERT(tables_);
    Attempt last;
    const std::function<asio::awaitable<bool>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<bool> {
        last = Attempt{Erasure{deletion_id}, mode};
        co_await erase_alone(transaction, last);
        co_return true;
    };
    try {
        (void)co_await in_transaction(pool_, work);
    } catch (const RepeatedInVain& vain) {
        last.block(vain.why());
    }
    co_return std::move(last.erasure);
}

/// What keeps it from its rows is its own: those behind it go on. The audit log's lock is all's.
asio::awaitable<void> PostgresErasure::erase_alone(
    StoreTransaction& transaction, Attempt& attempt
) {
    try {
        co_await erase_in(transaction, attempt);
    } catch (const RepeatTransaction& repeat) {
        if (!repeat.waited_for_a_lock) {
            throw;
        }
        if (attempt.at_the_end) {
            throw Unavailable("postgres", pool_.where(), "others have the audit log's lock");
        }
        attempt.block(std::string(locked_by_another));
    }
}

asio::awaitable<void> PostgresErasure::erase_in(StoreTransaction& transaction, Attempt& attempt) {
    co_await transaction.wait_briefly();  // Others are due behind it.
    co_await look(transaction, attempt.erasure);
    if (attempt.goes_on() && attempt.erasure.account_there) {
        co_await blank_account(transaction, attempt);
    }
    if (attempt.goes_on()) {
        co_await blank(transaction, attempt);
    }
    if (!attempt.goes_on() || attempt.mode == Mode::try_out) {
        co_return;
    }
    attempt.at_the_end = true;
    co_await transaction.wait_as_usual();
    const std::vector<AuditEntry> audit(1, erased_entry(attempt.erasure));
    postgres::Params params;
    add_audit(params, tables_->shapes, audit);
    co_await transaction.commit_with(tables_->sql.audit, std::move(params));
}

/// Whether it may be: `erased` is what it is to become.
asio::awaitable<void> PostgresErasure::look(StoreTransaction& transaction, Erasure& erasure) {
    postgres::Params asked;
    asked.text(erasure.deletion_id).integer(settings_.after->count());
    const postgres::Rows row = co_await transaction.run(tables_->sql.facts, std::move(asked));
    if (row.empty() || !row.boolean(0, "due")) {
        co_return;
    }
    erasure.user_id = row.text(0, "user_id");
    erasure.executed_at = row.optional_time(0, "executed_at");
    const std::optional<std::string> id = tables_->shapes.user_id.canonical(erasure.user_id);
    postgres::Params user;
    user.optional_text(id);
    const postgres::Rows account = co_await transaction.run(tables_->sql.account, std::move(user));
    erasure.account_there = !account.empty();
    const bool in_use =
        row.boolean(0, "newer") || (!account.empty() && !account.boolean(0, "is_deleted"));
    // Under a policy of the product's, a row that is not seen need not be gone.
    const bool hidden = account.empty() && row.boolean(0, "rows_may_hide");
    erasure.answer = row.boolean(0, "stopped")       ? ErasureAnswer::stopped
                     : in_use                        ? ErasureAnswer::in_use
                     : row.boolean(0, "mail_on_way") ? ErasureAnswer::mail_on_way
                     : hidden                        ? ErasureAnswer::refused
                                                     : ErasureAnswer::erased;
    if (erasure.answer == ErasureAnswer::refused) {
        erasure.why = "row-level security may hide its row";
    }
}

asio::awaitable<void> PostgresErasure::blank_account(
    StoreTransaction& transaction, Attempt& attempt
) {
    if (tables_->sql.blank_account.empty()) {
        co_return;
    }
    Erasure& erasure = attempt.erasure;
    postgres::Params params;
    params.text(erasure.user_id);
    for (const Blank& blank : tables_->plan.columns) {
        erasure.columns.push_back(blank.column);
        if (blank.with == Blank::With::stand_in) {
            params.text(stand_in(blank.column, erasure.user_id));
        }
    }
    const postgres::QueryResult done =
        co_await transaction.try_on_row(tables_->sql.blank_account, std::move(params));
    if (!done) {
        attempt.stop_at(done.error());
    } else if (done->affected() != 1) {
        // Its row is locked and was read: a trigger or a policy of the product's said no.
        attempt.refuse("no row was updated");
    }
}

/// What is ours, which an adopted table's own constraints may refuse as well.
asio::awaitable<void> PostgresErasure::blank(StoreTransaction& transaction, Attempt& attempt) {
    postgres::Params id;
    id.text(attempt.erasure.deletion_id);
    const postgres::QueryResult done =
        co_await transaction.try_on_row(tables_->sql.blank, std::move(id));
    if (!done) {
        attempt.stop_at(done.error());
        co_return;
    }
    attempt.erasure.mails = static_cast<std::size_t>(done->integer(0, "mails"));
    postgres::Params none;
    const postgres::QueryResult kept =
        co_await transaction.try_on_row(check_constraints, std::move(none));
    if (!kept) {
        attempt.stop_at(kept.error());
    }
}

}  // namespace chatear::deletion
