#include "deletion/table_shapes.hpp"

#include "base/error.hpp"
#include "runtime/store_statement.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

namespace chatear::deletion {
namespace {

// A domain counts as what it is over, whose operators and indexes it has.
const std::string select_columns = R"(
SELECT c.relname || '.' || a.attname AS column, format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) AS type,
       CASE WHEN a.attidentity <> ''
            THEN format('nextval(%L::regclass)', pg_get_serial_sequence(a.attrelid::regclass::text, a.attname))
            ELSE pg_get_expr(d.adbin, d.adrelid) END AS drawn,
       a.attgenerated <> '' AS generated
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid IN (to_regclass('users'), to_regclass('user_deletions'), to_regclass('action_logs'))
  AND a.attnum > 0 AND NOT a.attisdropped)";

struct Column {
    std::string type;
    std::string drawn;
    bool generated = false;
};
using Columns = std::map<std::string, Column, std::less<>>;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

template <typename Integer>
bool is_integer(std::string_view text) {
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() &&
           std::to_string(value) == text;
}

/// In the plain form, however long.
bool is_whole_number(std::string_view text) {
    if (text == "0") {
        return true;
    }
    const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
    return !digits.empty() && digits.front() != '0' &&
           std::all_of(digits.begin(), digits.end(), is_digit);
}

// 8-4-4-4-12 hexadecimal digits, either case.
std::optional<std::string> canonical_uuid(std::string_view text) {
    if (text.size() != 36) {
        return std::nullopt;
    }
    std::string lower(text);
    for (std::size_t n = 0; n < lower.size(); ++n) {
        char& c = lower[n];
        if (c >= 'A' && c <= 'F') {
            c = static_cast<char>(c - 'A' + 'a');
        }
        const bool dash_here = n == 8 || n == 13 || n == 18 || n == 23;
        const bool fits = dash_here ? c == '-' : is_digit(c) || (c >= 'a' && c <= 'f');
        if (!fits) {
            return std::nullopt;
        }
    }
    return lower;
}

const Column& column_of(const Columns& columns, std::string_view name, const postgres::Pool& pool) {
    const auto found = columns.find(name);
    if (found == columns.end()) {
        throw Unavailable(
            "postgres",
            pool.where(),
            "column " + std::string(name) + " is missing: `chatear migrate up` makes it"
        );
    }
    return found->second;
}

IdType id_type(const Columns& columns, std::string_view name, const postgres::Pool& pool) {
    IdType type{column_of(columns, name, pool).type};
    if (type.name == "character") {
        type.name = "bpchar";  // A cast to `character` would keep one character.
    }
    return type;
}

/// An execution sets it.
void require_flag(const Column& column, const postgres::Pool& pool) {
    if (column.type == "boolean" && !column.generated) {
        return;
    }
    const std::string what = column.generated ? "generated" : "of type " + column.type;
    const std::string remedy =
        column.generated ? " (ALTER TABLE users ALTER COLUMN is_deleted DROP EXPRESSION)" : "";
    throw Unavailable(
        "postgres",
        pool.where(),
        "column is_deleted of table users is " + what +
            ", and a deletion sets it to true: make it an ordinary boolean" + remedy
    );
}

/// Where there is one. Of another type it is a soft delete of the product's own making.
void read_deleted_at(const Columns& columns, TableShapes& shapes) {
    const auto column = columns.find("users.deleted_at");
    if (column == columns.end()) {
        return;
    }
    const std::string& type = column->second.type;
    const bool is_time = type == "timestamp with time zone" ||
                         type == "timestamp without time zone" || type == "date";
    shapes.users_have_deleted_at = is_time && !column->second.generated;
    if (!shapes.users_have_deleted_at) {
        shapes.deleted_at_is = is_time ? "generated" : "of type " + type;
    }
}

}  // namespace

std::optional<std::string> IdType::canonical(std::string_view text) const {
    if (name == "uuid") {
        return canonical_uuid(text);
    }
    if (name == "bpchar") {  // Blanks at the end fill it up, and count for nothing.
        text = text.substr(0, text.find_last_not_of(' ') + 1);
    }
    const bool fits = name == "smallint"  ? is_integer<std::int16_t>(text)
                      : name == "integer" ? is_integer<std::int32_t>(text)
                      : name == "bigint"  ? is_integer<std::int64_t>(text)
                      : name == "numeric" ? is_whole_number(text)
                                          : text.find('\0') == std::string_view::npos;
    return fits ? std::optional(std::string(text)) : std::nullopt;
}

asio::awaitable<TableShapes> read_table_shapes(postgres::Pool& pool) {
    postgres::Params none;
    const postgres::Rows rows =
        co_await runtime::run_store_statement(pool, select_columns, std::move(none));
    Columns columns;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        Column column{
            std::string(rows.text(row, "type")),
            rows.optional_text(row, "drawn").value_or(""),
            rows.boolean(row, "generated")};
        columns.insert_or_assign(std::string(rows.text(row, "column")), std::move(column));
    }
    for (const char* needed :
         {"users.email",
          "users.is_deleted",
          "user_deletions.address_changes",
          "action_logs.chain_seq"}) {
        (void)column_of(columns, needed, pool);
    }
    TableShapes shapes;
    shapes.user_id = id_type(columns, "users.id", pool);
    shapes.deletion_id = id_type(columns, "user_deletions.id", pool);
    shapes.deletion_user_id = id_type(columns, "user_deletions.user_id", pool);
    shapes.log_id = id_type(columns, "action_logs.id", pool);
    shapes.log_user_id = id_type(columns, "action_logs.user_id", pool);
    shapes.fresh_deletion_id = column_of(columns, "user_deletions.id", pool).drawn;
    if (shapes.fresh_deletion_id.empty()) {
        throw Unavailable("postgres", pool.where(), "column user_deletions.id has no default");
    }
    require_flag(column_of(columns, "users.is_deleted", pool), pool);
    read_deleted_at(columns, shapes);
    shapes.users_have_name = columns.contains("users.name");
    shapes.users_have_locale = columns.contains("users.locale");
    shapes.users_have_time_zone = columns.contains("users.time_zone");
    co_return shapes;
}

}  // namespace chatear::deletion
