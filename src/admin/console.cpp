#include "admin/console.hpp"

#include "admin/printable.hpp"
#include "base/json.hpp"

#include <ostream>

namespace chatear::admin {

void Console::list(
    const boost::json::array& rows,
    const std::vector<std::string_view>& columns,
    std::string_view when_empty
) {
    if (json_) {
        output_ << to_json_text(rows) << '\n';
    } else if (rows.empty()) {
        output_ << when_empty << '\n';
    } else {
        output_ << render_table(columns, rows);
    }
}

void Console::record(const boost::json::object& record) {
    if (json_) {
        output_ << to_json_text(record) << '\n';
    } else {
        output_ << render_record(record);
    }
}

void Console::result(std::string_view sentence, const boost::json::object& document) {
    if (json_) {
        output_ << to_json_text(document) << '\n';
    } else {
        output_ << printable(sentence, true) << '\n';
    }
}

void Console::raw(std::string_view text) {
    output_ << text;
}

void Console::note(std::string_view text) {
    errors_ << "chatear: " << printable(text, true) << '\n';
}

void Console::draw(std::string_view line) {
    // Erases to the end of the line (ECMA-48, EL), whatever was drawn before.
    errors_ << '\r' << line << "\x1b[K" << std::flush;
}

}  // namespace chatear::admin
