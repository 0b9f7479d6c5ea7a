#pragma once

#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace chatear::deletion {

namespace asio = boost::asio;

/// The type of a column that holds ids. In C++ every id is the text that PostgreSQL makes of it.
struct IdType {
    std::string name = "text";  ///< As SQL writes it, for casts.

    /// `text` as the database would write it; nothing where it cannot be of this type. Of integers
    /// only the plain form is taken ("7", not "007").
    std::optional<std::string> canonical(std::string_view text) const;
};

/// What differs from one product's tables to the next.
struct TableShapes {
    IdType user_id;                                       ///< users.id
    IdType deletion_id;                                   ///< user_deletions.id
    IdType deletion_user_id;                              ///< user_deletions.user_id
    IdType log_id;                                        ///< action_logs.id
    IdType log_user_id;                                   ///< action_logs.user_id
    std::string fresh_deletion_id = "gen_random_uuid()";  ///< The SQL that draws one.
    bool users_have_deleted_at = false;                   ///< Which takes a time of ours.
    std::string deleted_at_is{};                          ///< Why it does not, if it stands.
    bool users_have_name = false;
    bool users_have_locale = false;
    bool users_have_time_zone = false;
};

/// Reads them. Throws Unavailable where a table or a column is missing or cannot serve, with the
/// remedy.
asio::awaitable<TableShapes> read_table_shapes(postgres::Pool& pool);

}  // namespace chatear::deletion
