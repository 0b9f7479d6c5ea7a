#include "postgres/sql_error.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace chatear::postgres {

SqlErrorClass classify(std::string_view sqlstate) {
    const std::string_view group = sqlstate.substr(0, 2);
    if (sqlstate == "40001" || sqlstate == "40P01" || sqlstate == lock_not_available) {
        return SqlErrorClass::repeat;
    }
    // 57014: our own time limit. 25006: a standby. 26000: a prepared statement that a pgbouncer in
    // between lost.
    if (group == "08" || group == "53" || group == "58" || group == "57" || sqlstate == "25006" ||
        sqlstate == "26000") {
        return SqlErrorClass::unavailable;
    }
    if (group == "22" || group == "23") {
        return SqlErrorClass::data;
    }
    if (group == "42" || group == "3F") {
        return SqlErrorClass::wrong_schema;
    }
    return SqlErrorClass::other;
}

std::string describe(const SqlError& error) {
    const bool wrong_schema = classify(error.sqlstate) == SqlErrorClass::wrong_schema;
    return fmt::format(
        "{} (SQLSTATE {}){}",
        error.message,
        error.sqlstate,
        wrong_schema ? "; the database's tables do not fit this version: run `chatear migrate`" : ""
    );
}

void throw_sql_error(const SqlError& error) {
    throw std::logic_error("value() of a result that holds the error: " + describe(error));
}

}  // namespace chatear::postgres
