#include "postgres/rows.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/utc.hpp"

#include <libpq-fe.h>

#include <charconv>
#include <string>

namespace chatear::postgres {
namespace {

int to_int(std::size_t n) {
    return static_cast<int>(n);
}

/// A server answers what it was asked; bytes that were changed on the way do not.
[[noreturn]] void rubbish(const std::string& what) {
    const std::string why = "its answer is not what was asked for: " + what;
    log::error("postgres answers rubbish; it is asked again", {{"reason", why}});
    throw Unavailable("postgres", "the server", why);
}

int digit(char c) {
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

}  // namespace

void Rows::Free::operator()(pg_result* result) const {
    PQclear(result);
}

std::size_t Rows::size() const {
    return static_cast<std::size_t>(PQntuples(result_.get()));
}

std::size_t Rows::column(std::string_view name) const {
    const int count = PQnfields(result_.get());
    for (int n = 0; n < count; ++n) {
        if (name == PQfname(result_.get(), n)) {
            return static_cast<std::size_t>(n);
        }
    }
    rubbish("it has no column " + std::string(name));
}

bool Rows::is_null(std::size_t row, std::size_t column) const {
    CHATEAR_ASSERT(row < size() && to_int(column) < PQnfields(result_.get()));
    return PQgetisnull(result_.get(), to_int(row), to_int(column)) == 1;
}

std::string_view Rows::text(std::size_t row, std::size_t column) const {
    if (is_null(row, column)) {
        rubbish("a value is missing");
    }
    const char* value = PQgetvalue(result_.get(), to_int(row), to_int(column));
    return {
        value, static_cast<std::size_t>(PQgetlength(result_.get(), to_int(row), to_int(column)))};
}

std::int64_t Rows::integer(std::size_t row, std::size_t column) const {
    const std::string_view digits = text(row, column);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) {
        rubbish("a value is no number");
    }
    return value;
}

bool Rows::boolean(std::size_t row, std::size_t column) const {
    const std::string_view word = text(row, column);
    if (word != "t" && word != "f") {
        rubbish("a value is neither true nor false");
    }
    return word == "t";
}

std::string Rows::bytes(std::size_t row, std::size_t column) const {
    const std::string_view digits = text(row, column);
    if (!digits.starts_with("\\x") || digits.size() % 2 != 0) {
        rubbish("a value is no byte string");
    }
    std::string value;
    value.reserve(digits.size() / 2 - 1);
    for (std::size_t n = 2; n < digits.size(); n += 2) {
        value += static_cast<char>(digit(digits[n]) * 16 + digit(digits[n + 1]));
    }
    return value;
}

Time Rows::time(std::size_t row, std::size_t column) const {
    const Result<Time> value = parse_time(text(row, column));
    if (!value) {
        rubbish("a value is no time");
    }
    return *value;
}

std::optional<std::string> Rows::optional_text(std::size_t row, std::size_t column) const {
    return is_null(row, column) ? std::nullopt : std::optional(std::string(text(row, column)));
}

std::optional<Time> Rows::optional_time(std::size_t row, std::size_t column) const {
    return is_null(row, column) ? std::nullopt : std::optional(time(row, column));
}

bool Rows::is_null(std::size_t row, std::string_view name) const {
    return is_null(row, column(name));
}

std::string_view Rows::text(std::size_t row, std::string_view name) const {
    return text(row, column(name));
}

std::int64_t Rows::integer(std::size_t row, std::string_view name) const {
    return integer(row, column(name));
}

bool Rows::boolean(std::size_t row, std::string_view name) const {
    return boolean(row, column(name));
}

std::string Rows::bytes(std::size_t row, std::string_view name) const {
    return bytes(row, column(name));
}

Time Rows::time(std::size_t row, std::string_view name) const {
    return time(row, column(name));
}

std::optional<std::string> Rows::optional_text(std::size_t row, std::string_view name) const {
    return optional_text(row, column(name));
}

std::optional<Time> Rows::optional_time(std::size_t row, std::string_view name) const {
    return optional_time(row, column(name));
}

std::uint64_t Rows::affected() const {
    const std::string_view digits = result_ ? PQcmdTuples(result_.get()) : "";
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

std::string_view Rows::command() const {
    const std::string_view tag = result_ ? PQcmdStatus(result_.get()) : "";
    return tag.substr(0, tag.find(' '));
}

}  // namespace chatear::postgres
