#include "deletion/postgres_erasure.hpp"

#include "base/assert.hpp"
#include "deletion/deletion_rows.hpp"
#include "deletion/deletion_sql.hpp"
#include "deletion/table_shapes.hpp"
#include "runtime/store_statement.hpp"

#include <fmt/format.h>

#include <functional>
#include <utility>

namespace chatear::deletion {
namespace {

// A domain counts as what it is over. Under a unique index over an expression, or one in which
// NULLs are equal (PostgreSQL 15 and newer have that column), two NULLs may meet.
const std::string select_columns = R"(
SELECT a.attname AS name, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type, t.typcategory = 'S' AS is_text,
       NOT a.attnotnull AND NOT t.typnotnull AND NOT coalesce(bool_or(k.nulls_meet), false) AS may_be_null,
       a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
       coalesce(bool_or(k.indisprimary), false) AS primary_key, count(k.indexrelid) > 0 AS is_unique,
       CASE WHEN coalesce(nullif(t.typbasetype, 0), t.oid) IN ('varchar'::regtype, 'bpchar'::regtype)
            THEN nullif(greatest(CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END, 4), 4) - 4 END AS most_characters
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN LATERAL (
         SELECT i.indexrelid, i.indisprimary,
                i.indexprs IS NOT NULL OR coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_meet
         FROM pg_index i
         WHERE i.indrelid = a.attrelid AND (i.indisunique OR i.indisexclusion)
           AND (a.attnum = ANY (i.indkey) OR (i.indexprs IS NOT NULL AND EXISTS (
                SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum)))) k ON true
WHERE a.attrelid = to_regclass('users') AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY a.attnum, a.attname, a.attnotnull, a.attgenerated, a.attidentity, a.atttypmod, t.oid, t.typbasetype, t.typcategory,
         t.typnotnull, t.typtype, t.typtypmod)";

const std::string select_stopped =
    "SELECT value FROM deletion_state WHERE name = 'executions_stopped'";

constexpr std::string_view due_form = R"(
SELECT d.id::text AS id, d.executed_at FROM user_deletions d
WHERE d.status = 'executed' AND d.erased_at IS NULL AND d.executed_at <= now() - $1::bigint * interval '1 millisecond' {}
ORDER BY d.executed_at, d.id LIMIT $2::bigint)";

// An account that was given back and deleted again has its time from the last deletion.
constexpr std::string_view facts_form = R"(
SELECT d.user_id::text AS user_id, d.executed_at,
       d.status = 'executed' AND d.erased_at IS NULL
           AND coalesce(d.executed_at <= clock_timestamp() - $2::bigint * interval '1 millisecond', false) AS due,
       EXISTS (SELECT FROM deletion_state WHERE name = 'executions_stopped') AS stopped,
       EXISTS (SELECT FROM user_deletions o WHERE o.user_id = d.user_id AND o.id <> d.id AND (
           o.status IN ('queued', 'scheduled', 'held') OR (o.status = 'executed'
               AND coalesce(o.executed_at, o.requested_at) > clock_timestamp() - $2::bigint * interval '1 millisecond'))) AS newer,
       EXISTS (SELECT FROM user_deletions o CROSS JOIN (VALUES ('.recovered'), ('.deleted')) w (word)
                    JOIN email_sends m ON m.event_id = o.id::text || w.word
               WHERE o.user_id = d.user_id AND m.status IN ('sending', 'retrying', 'deferred')) AS mail_on_way
FROM user_deletions d WHERE d.id = $1::{id_type} FOR UPDATE OF d)";

// By keys, so that the ledger's own index finds them. `updated_at` stays: by it the ledger forgets
// its rows.
constexpr std::string_view blank_form = R"(
WITH mails AS (
    UPDATE email_sends m SET recipient = NULL, smtp_reply = NULL, error = NULL, reason = NULL, message_id = NULL
    FROM user_deletions d JOIN user_deletions o ON o.user_id = d.user_id
         CROSS JOIN LATERAL (SELECT n::text AS word FROM generate_series(1, o.mail_number) n
                             UNION ALL VALUES ('recovered'), ('deleted')) w
    WHERE d.id = $1::{id_type} AND m.event_id = o.id::text || '.' || w.word RETURNING 1),
deletions AS (
    UPDATE user_deletions o
    SET address_hash = NULL, erased_at = CASE WHEN o.id = $1::{id_type} THEN clock_timestamp() ELSE o.erased_at END
    WHERE o.user_id = (SELECT d.user_id FROM user_deletions d WHERE d.id = $1::{id_type}) RETURNING 1)
SELECT count(*) AS mails FROM mails)";

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

/// "UPDATE users SET ...", $1 being the id and the stand-ins what follows; "" = there is nothing to
/// set. Names of columns were checked when they were read.
std::string blank_account_sql(const ErasurePlan& plan, const TableShapes& shapes) {
    std::string assignments;
    std::size_t next = 2;
    for (const Blank& blank : plan.columns) {
        const std::string value = blank.with == Blank::With::null    ? "NULL"
                                  : blank.with == Blank::With::empty ? "''"
                                                                     : fmt::format("${}", next++);
        assignments +=
            fmt::format("{}\"{}\" = {}", assignments.empty() ? "" : ", ", blank.column, value);
    }
    if (assignments.empty()) {
        return assignments;
    }
    return fmt::format("UPDATE users SET {} WHERE id = $1::{}", assignments, shapes.user_id.name);
}

}  // namespace

struct PostgresErasure::Tables {
    Tables(TableShapes of, ErasurePlan planned)
        : shapes(std::move(of)),
          plan(std::move(planned)),
          audit(DeletionSql(shapes).audit),
          due(fmt::format(fmt::runtime(due_form), "")),
          due_behind(fmt::format(
              fmt::runtime(due_form),
              fmt::format(
                  "AND (d.executed_at, d.id) > ($3::timestamptz, $4::{})", shapes.deletion_id.name
              )
          )),
          facts(fmt::format(fmt::runtime(facts_form), fmt::arg("id_type", shapes.deletion_id.name))
          ),
          account(fmt::format(
              "SELECT coalesce(is_deleted, false) AS is_deleted FROM users WHERE id = $1::{} FOR "
              "UPDATE",
              shapes.user_id.name
          )),
          blank_account(blank_account_sql(plan, shapes)),
          blank(fmt::format(fmt::runtime(blank_form), fmt::arg("id_type", shapes.deletion_id.name))
          ) {}

    TableShapes shapes;
    ErasurePlan plan;
    std::string audit, due, due_behind, facts, account, blank_account, blank;
};

PostgresErasure::PostgresErasure(postgres::Pool& pool, ErasureSettings settings)
    : pool_(pool), settings_(std::move(settings)) {
    CHATEAR_ASSERT(settings_.after);
}

asio::awaitable<Result<void>> PostgresErasure::prepare() {
    TableShapes shapes = co_await read_table_shapes(pool_);
    postgres::Params none;
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool_, select_columns, std::move(none));
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
    const std::string& statement = behind ? tables_->due_behind : tables_->due;
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
    const std::function<asio::awaitable<Erasure>(StoreTransaction&)> work =
        [&](StoreTransaction& transaction) -> asio::awaitable<Erasure> {
        Erasure asked{deletion_id};
        co_return co_await erase_in(transaction, std::move(asked), mode);
    };
    co_return co_await in_transaction(pool_, work);
}

asio::awaitable<Erasure> PostgresErasure::erase_in(
    StoreTransaction& transaction, Erasure found, Mode mode
) {
    found = co_await look(transaction, std::move(found));
    if (found.answer == ErasureAnswer::erased && found.account_there) {
        found = co_await blank_account(transaction, std::move(found));
    }
    if (found.answer != ErasureAnswer::erased) {
        co_return found;
    }
    postgres::Params id;
    id.text(found.deletion_id);
    const postgres::Rows rows = co_await transaction.run(tables_->blank, std::move(id));
    found.mails = static_cast<std::size_t>(rows.integer(0, "mails"));
    if (mode == Mode::carry_out) {
        const std::vector<AuditEntry> audit(1, erased_entry(found));
        postgres::Params params;
        add_audit(params, tables_->shapes, audit);
        co_await transaction.commit_with(tables_->audit, std::move(params));
    }
    co_return found;
}

/// Whether it may be: `erased` is what it is to become.
asio::awaitable<Erasure> PostgresErasure::look(StoreTransaction& transaction, Erasure found) {
    postgres::Params asked;
    asked.text(found.deletion_id).integer(settings_.after->count());
    const postgres::Rows row = co_await transaction.run(tables_->facts, std::move(asked));
    if (row.empty() || !row.boolean(0, "due")) {
        co_return found;
    }
    found.user_id = row.text(0, "user_id");
    found.executed_at = row.optional_time(0, "executed_at");
    const std::optional<std::string> id = tables_->shapes.user_id.canonical(found.user_id);
    postgres::Params user;
    user.optional_text(id);
    const postgres::Rows account = co_await transaction.run(tables_->account, std::move(user));
    found.account_there = !account.empty();
    const bool in_use =
        row.boolean(0, "newer") || (!account.empty() && !account.boolean(0, "is_deleted"));
    found.answer = row.boolean(0, "stopped")       ? ErasureAnswer::stopped
                   : in_use                        ? ErasureAnswer::in_use
                   : row.boolean(0, "mail_on_way") ? ErasureAnswer::mail_on_way
                                                   : ErasureAnswer::erased;
    co_return found;
}

asio::awaitable<Erasure> PostgresErasure::blank_account(
    StoreTransaction& transaction, Erasure found
) {
    if (tables_->blank_account.empty()) {
        co_return found;
    }
    postgres::Params params;
    params.text(found.user_id);
    for (const Blank& blank : tables_->plan.columns) {
        found.columns.push_back(blank.column);
        if (blank.with == Blank::With::stand_in) {
            params.text(stand_in(blank.column, found.user_id));
        }
    }
    const postgres::QueryResult done =
        co_await transaction.try_run(tables_->blank_account, std::move(params));
    if (!done) {
        found.answer = ErasureAnswer::refused;
        found.refused_for = "SQLSTATE " + done.error().sqlstate;
        if (!done.error().constraint.empty()) {
            found.refused_for += ", " + done.error().constraint;
        }
    } else if (done->affected() != 1) {
        // Its row is locked and was read: a trigger or a policy of the product's said no.
        found.answer = ErasureAnswer::refused;
        found.refused_for = "no row was updated";
    }
    co_return found;
}

}  // namespace chatear::deletion
