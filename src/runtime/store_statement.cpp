#include "runtime/store_statement.hpp"

#include "base/error.hpp"

#include <stdexcept>
#include <utility>

namespace chatear::runtime {

asio::awaitable<postgres::Rows> run_store_statement(
    postgres::Pool& pool, const std::string& statement, postgres::Params params
) {
    postgres::QueryResult result = co_await pool.query(statement, std::move(params));
    if (result) {
        co_return std::move(*result);
    }
    const std::string why = postgres::describe(result.error());
    if (postgres::classify(result.error().sqlstate) == postgres::SqlErrorClass::data) {
        throw std::runtime_error("PostgreSQL refuses a value: " + why);
    }
    throw Unavailable("postgres", pool.where(), why);
}

}  // namespace chatear::runtime
