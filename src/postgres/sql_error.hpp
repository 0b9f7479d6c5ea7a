#pragma once

#include <boost/system/result.hpp>

#include <string>
#include <string_view>

namespace chatear::postgres {

/// What PostgreSQL said against one statement (protocol-error-fields in its manual).
struct SqlError {
    std::string sqlstate;    ///< Five characters, "23505".
    std::string message;     ///< Primary message; may quote data: do not log it with personal data.
    std::string constraint;  ///< The constraint that was violated, or empty.
    std::string detail;      ///< Often the values concerned: personal data.

    bool operator==(const SqlError&) const = default;
};

// SQLSTATEs that callers tell apart (manual, appendix A).
inline constexpr std::string_view lock_not_available = "55P03";
inline constexpr std::string_view statement_cancelled = "57014";

/// What an SQLSTATE asks of us.
enum class SqlErrorClass {
    data,          ///< 22*, 23*: these values will never go in.
    repeat,        ///< 40001, 40P01, 55P03: the same transaction may succeed when repeated.
    unavailable,   ///< 08*, 53*, 57P0*, 58*, 57014, 25006, 26000: the server, not the statement.
    wrong_schema,  ///< 42*, 3F*: tables are missing or differ; `chatear migrate` mends it.
    other,         ///< A statement of ours is wrong, or the server has a bug.
};

SqlErrorClass classify(std::string_view sqlstate);

/// For a person: message and SQLSTATE, with the remedy where the schema is wrong. Without detail.
std::string describe(const SqlError& error);

/// Called by boost::system::result when value() is asked of an error: a bug of the caller's.
[[noreturn]] void throw_sql_error(const SqlError& error);
[[noreturn]] void throw_exception_from_error(const SqlError& error, const auto& /*location*/) {
    throw_sql_error(error);
}

}  // namespace chatear::postgres
