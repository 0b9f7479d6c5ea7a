#pragma once

#include <boost/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace chatear::admin {

/// `text` as it may go to a terminal: control characters and what is not UTF-8 become \xNN, so that
/// what a server or a publisher wrote cannot move the cursor. Line breaks and tabs stay when
/// `keep_lines`.
std::string printable(std::string_view text, bool keep_lines = false);

/// The value of one cell or field: strings as they are (printable), nothing for null, JSON else.
std::string cell_text(const boost::json::value& value);

/// Columns of equal width under their names, two spaces between them; members that a row lacks are
/// empty. Ends with a line break.
std::string render_table(
    const std::vector<std::string_view>& columns, const boost::json::array& rows
);

/// "name: value" lines; a value of several lines, an object or an array stands indented below.
std::string render_record(const boost::json::object& record);

/// Members for bytes of anybody: `name` when they are UTF-8, else `name`_base64.
void set_bytes(boost::json::object& object, std::string_view name, std::string_view bytes);

}  // namespace chatear::admin
