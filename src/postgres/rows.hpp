#pragma once

#include "base/clock.hpp"
#include "postgres/sql_error.hpp"

#include <boost/system/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct pg_result;

namespace chatear::postgres {

/// What one statement returned. Owns it; the views it gives live as long as it does. Asking for a
/// row that is not there is a bug of ours and asserts. A column that is missing, a NULL or another
/// type where a value is expected throw Unavailable: an answer that was changed on its way has them
/// too, and must not end the process.
class Rows {
public:
    Rows() = default;  ///< No rows, no columns.
    explicit Rows(pg_result* result) : result_(result) {}

    std::size_t size() const;
    bool empty() const { return size() == 0; }
    std::size_t column(std::string_view name) const;

    bool is_null(std::size_t row, std::size_t column) const;
    std::string_view text(std::size_t row, std::size_t column) const;
    std::int64_t integer(std::size_t row, std::size_t column) const;
    bool boolean(std::size_t row, std::size_t column) const;
    std::string bytes(std::size_t row, std::size_t column) const;  ///< Of a bytea.
    Time time(std::size_t row, std::size_t column) const;          ///< Of a timestamptz.
    std::optional<std::string> optional_text(std::size_t row, std::size_t column) const;
    std::optional<Time> optional_time(std::size_t row, std::size_t column) const;

    // The same by column name.
    bool is_null(std::size_t row, std::string_view name) const;
    std::string_view text(std::size_t row, std::string_view name) const;
    std::int64_t integer(std::size_t row, std::string_view name) const;
    bool boolean(std::size_t row, std::string_view name) const;
    std::string bytes(std::size_t row, std::string_view name) const;
    Time time(std::size_t row, std::string_view name) const;
    std::optional<std::string> optional_text(std::size_t row, std::string_view name) const;
    std::optional<Time> optional_time(std::size_t row, std::string_view name) const;

    /// Rows that INSERT, UPDATE, DELETE or SELECT touched.
    std::uint64_t affected() const;

    /// The command tag without its counts: "COMMIT", "INSERT".
    std::string_view command() const;

private:
    struct Free {
        void operator()(pg_result* result) const;
    };
    std::unique_ptr<pg_result, Free> result_;
};

/// Rows, or what PostgreSQL has against the statement.
using QueryResult = boost::system::result<Rows, SqlError>;

}  // namespace chatear::postgres
