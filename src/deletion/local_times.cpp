#include "deletion/local_times.hpp"

#include <utility>

namespace chatear::deletion {

asio::awaitable<std::optional<std::string>> PostgresLocalTimes::minute_in(
    Time time, std::string time_zone
) {
    postgres::Params params;
    params.time(time).text(std::move(time_zone));
    const postgres::QueryResult result = co_await pool_.query(
        "SELECT to_char($1::timestamptz AT TIME ZONE $2::text, 'YYYY-MM-DD HH24:MI')",
        std::move(params)
    );
    if (!result || result->empty()) {
        co_return std::nullopt;  // Invalid_parameter_value: PostgreSQL knows no such zone.
    }
    co_return result->optional_text(0, 0);
}

}  // namespace chatear::deletion
