#pragma once

#include <string>
#include <string_view>

namespace chatear::postgres {

/// The text of one SQL statement, prepared once on each connection under this very text. Make it
/// from a constant, or from a string that a store builds once: never from values, which are
/// Params. Only a view: the text must live until the query returns.
///
/// Where plans stay (ConnectionOptions), one is made once, for tables that may be empty then. What
/// it takes must not grow with them, so a statement of a worker's says
/// - `t.id = ANY (ARRAY[i.id])` of the rows that it is given or has found; of a key of several
///   columns the first one only: a second becomes a filter behind all rows that have the first. Of
///   `t.id = i.id` the planner knows that both sides could be sorted or hashed: a table that it
///   believes small is gone through by its index, all of it.
/// - `NOT EXISTS (... OFFSET 0)`, which stays a look for each row, for the same reason;
/// - `ORDER BY ... LIMIT 1` over an index, not `min()`;
/// - nothing else of `t` that an index offers: not ORDER BY its key, not a partial index's
/// predicate.
class Statement {
public:
    constexpr Statement(const char* text) : text_(text) {}       // NOLINT: wanted conversion.
    constexpr Statement(std::string_view text) : text_(text) {}  // NOLINT: wanted conversion.
    Statement(const std::string& text) : text_(text) {}          // NOLINT: wanted conversion.
    Statement(std::string&& text) = delete;

    constexpr std::string_view text() const { return text_; }

private:
    std::string_view text_;
};

}  // namespace chatear::postgres
