#include "admin/json_rows.hpp"

namespace chatear::admin {

boost::json::array json_rows(const postgres::Rows& rows) {
    boost::json::array found;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        // PostgreSQL wrote it, so it is JSON; our own stricter reader could refuse a stored header.
        const std::string_view text = rows.text(row, 0);
        found.push_back(boost::json::parse({text.data(), text.size()}));
    }
    return found;
}

}  // namespace chatear::admin
