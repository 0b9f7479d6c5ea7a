#include "runtime/store_statement.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::chrono::minutes told_every{1};
constexpr std::size_t most_told = 100;

using Say = void (*)(std::string_view message, log::Fields fields);

/// The pool speaks of connections only, and who repeats a statement until it succeeds says nothing:
/// a full disk or a missing permission would be told nowhere.
void tell_trouble(const postgres::Pool& pool, const std::string& why, Say say) {
    static std::map<std::string, net::Moment> told;
    if (!pool.available()) {
        return;
    }
    const auto now = net::now();
    const auto [entry, first] = told.try_emplace(why, now);
    if (first || now - entry->second >= told_every) {
        entry->second = now;
        say("postgres is connected but fails a statement; what needs it waits",
            {{"peer", pool.where()}, {"reason", why}});
    }
    if (told.size() > most_told) {
        told.clear();
    }
}

}  // namespace

asio::awaitable<postgres::Rows> run_store_statement(
    postgres::Pool& pool, const std::string& statement, postgres::Params params
) {
    std::optional<postgres::QueryResult> asked;
    try {
        asked = co_await pool.query(statement, std::move(params));
    } catch (const Unavailable& unavailable) {
        tell_trouble(pool, unavailable.why(), log::warn);  // One of the connections broke.
        throw;
    }
    postgres::QueryResult& result = *asked;
    if (result) {
        co_return std::move(*result);
    }
    const std::string why = postgres::describe(result.error());
    if (postgres::classify(result.error().sqlstate) == postgres::SqlErrorClass::data) {
        throw std::runtime_error("PostgreSQL refuses a value: " + why);
    }
    tell_trouble(pool, why, log::error);
    throw Unavailable("postgres", pool.where(), why);
}

}  // namespace chatear::runtime
