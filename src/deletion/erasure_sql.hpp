#pragma once

#include "deletion/erasure.hpp"
#include "deletion/table_shapes.hpp"

#include <string>

namespace chatear::deletion {

/// What the columns of `users` are.
extern const std::string select_user_columns;

/// The statements of PostgresErasure, made for one product's tables.
struct ErasureSql {
    ErasureSql(const TableShapes& shapes, const ErasurePlan& plan);

    std::string audit;  ///< Its audit row.
    std::string due, due_behind;
    std::string facts;          ///< About one deletion, locked.
    std::string account;        ///< Locked.
    std::string blank_account;  ///< "" = `users` has nothing to blank.
    std::string blank;          ///< All of ours.
};

}  // namespace chatear::deletion
