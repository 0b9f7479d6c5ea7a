#include "deletion/store_transaction.hpp"

#include "postgres/statement_cancelled.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace chatear::deletion {
namespace {

// A statement of ours is for hundreds of rows: planning it costs little, and the plan that was kept
// from when the tables were small costs a scan of all of them a row. A plan that is for once may
// read a whole table; postgres/connection.cpp says why others may not.
const std::string plan_anew = R"(
    SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),
           set_config('enable_mergejoin', 'on', true), set_config('enable_bitmapscan', 'on', true))";

const std::string make_waits_brief = fmt::format(
    "WITH before AS MATERIALIZED (SELECT current_setting('lock_timeout') AS usual) "
    "SELECT usual, {} FROM before",
    brief_lock_waits
);
const std::string make_waits_usual = "SELECT set_config('lock_timeout', $1, true)";

}  // namespace

StoreTransaction::StoreTransaction(std::string where, postgres::Transaction transaction)
    : where_(std::move(where)), transaction_(std::move(transaction)) {}

asio::awaitable<StoreTransaction> StoreTransaction::begin(postgres::Pool& pool) {
    postgres::Transaction transaction = co_await pool.begin();
    StoreTransaction begun(pool.where(), std::move(transaction));
    postgres::Params none;
    (void)co_await begun.run(plan_anew, std::move(none));
    co_return begun;
}

asio::awaitable<postgres::Rows> StoreTransaction::run(
    const std::string& statement, postgres::Params params
) {
    postgres::QueryResult result = co_await transaction_.query(statement, std::move(params));
    co_return rows_or_throw(std::move(result));
}

asio::awaitable<postgres::QueryResult> StoreTransaction::try_run(
    const std::string& statement, postgres::Params params
) {
    postgres::QueryResult result = co_await transaction_.query(statement, std::move(params));
    if (!result) {
        const auto kind = postgres::classify(result.error().sqlstate);
        const bool refused =
            kind == postgres::SqlErrorClass::data || kind == postgres::SqlErrorClass::other;
        if (!refused) {
            (void)rows_or_throw(std::move(result));
        }
    }
    co_return result;
}

asio::awaitable<postgres::QueryResult> StoreTransaction::try_on_row(
    const std::string& statement, postgres::Params params
) {
    postgres::QueryResult result = postgres::SqlError();
    try {
        result = co_await transaction_.query(statement, std::move(params));
    } catch (const postgres::StatementCancelled& cancelled) {
        result =
            postgres::SqlError{std::string(postgres::statement_cancelled), cancelled.why(), "", ""};
    }
    const bool asks_to_be_repeated =
        !result && result.error().sqlstate != postgres::lock_not_available &&
        postgres::classify(result.error().sqlstate) == postgres::SqlErrorClass::repeat;
    if (asks_to_be_repeated) {
        throw RepeatTransaction{};
    }
    co_return result;
}

asio::awaitable<void> StoreTransaction::wait_briefly() {
    postgres::Params none;
    const postgres::Rows before = co_await run(make_waits_brief, std::move(none));
    usual_lock_timeout_ = before.text(0, "usual");
}

asio::awaitable<void> StoreTransaction::wait_as_usual() {
    postgres::Params usual;
    usual.text(usual_lock_timeout_);
    (void)co_await run(make_waits_usual, std::move(usual));
}

asio::awaitable<void> StoreTransaction::commit() {
    ended_ = true;
    postgres::QueryResult result = co_await transaction_.commit();
    (void)rows_or_throw(std::move(result));
}

asio::awaitable<void> StoreTransaction::commit_with(
    const std::string& statement, postgres::Params params
) {
    ended_ = true;
    postgres::QueryResult result = co_await transaction_.commit_with(statement, std::move(params));
    (void)rows_or_throw(std::move(result));
}

asio::awaitable<void> StoreTransaction::end() {
    if (!ended_) {
        ended_ = true;
        co_await transaction_.rollback();
    }
}

postgres::Rows StoreTransaction::rows_or_throw(postgres::QueryResult result) const {
    if (result) {
        return std::move(*result);
    }
    const std::string why = postgres::describe(result.error());
    switch (postgres::classify(result.error().sqlstate)) {
        case postgres::SqlErrorClass::repeat:
            throw RepeatTransaction{result.error().sqlstate == postgres::lock_not_available};
        case postgres::SqlErrorClass::data:
            throw std::runtime_error("PostgreSQL refuses a value: " + why);
        case postgres::SqlErrorClass::unavailable:
        case postgres::SqlErrorClass::wrong_schema:
        case postgres::SqlErrorClass::other:
            break;
    }
    throw Unavailable("postgres", where_, why);
}

}  // namespace chatear::deletion
