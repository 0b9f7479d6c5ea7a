#pragma once

#include "deletion/change.hpp"
#include "deletion/deletion.hpp"
#include "deletion/table_shapes.hpp"
#include "postgres/params.hpp"
#include "postgres/rows.hpp"
#include "runtime/outbox_rows.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// How deletions, users and what comes with a change stand in SQL: column lists, and values in and
/// out.
namespace chatear::deletion {

/// All columns of a row of `user_deletions`, for a SELECT; each name with `prefix`.
std::string deletion_columns(std::string_view alias, std::string_view prefix = "");
/// Nothing where the row of an outer join is not there.
std::optional<Deletion> read_deletion(
    const postgres::Rows& rows, std::size_t row, std::string_view prefix = ""
);

/// What is known of a user, for a SELECT over `users`; each name begins with "user_".
std::string user_columns(const TableShapes& shapes, std::string_view alias);
std::optional<User> read_user(const postgres::Rows& rows, std::size_t row);

/// Common table expressions over the arrays that add_changes() adds, `first` being the number of
/// the first: `changed` has the places (from 1) of those changes whose rows were as `before` said,
/// and are now as `after` says.
std::string change_expressions(const TableShapes& shapes, std::size_t first);
inline constexpr std::size_t change_parameters = 19;
void add_changes(postgres::Params& params, const std::vector<const Change*>& changes);

/// The outbox rows of finished notices (finish_notices), each with the place of its change.
class NoticeRows {
public:
    void add(std::size_t place, const std::string& deletion_id, const std::vector<Notice>& notices);
    /// For runtime::outbox_rows_select.
    void add_to(postgres::Params& params) const;

private:
    std::vector<std::pair<std::size_t, runtime::OutboxRow>> rows_;
};

/// The arrays of the INSERT of AuditSql. What is no id of the log's type stands in `meta` alone.
void add_audit(
    postgres::Params& params, const TableShapes& shapes, const std::vector<AuditEntry>& entries
);

}  // namespace chatear::deletion
