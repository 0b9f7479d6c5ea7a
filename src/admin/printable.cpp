#include "admin/printable.hpp"

#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "mail/characters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace chatear::admin {
namespace {

/// Characters, which is close enough to columns for what is shown here.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
}

void append_padded(std::string& out, std::string_view text, std::size_t columns) {
    out += text;
    out.append(columns - std::min(columns, width(text)), ' ');
}

std::string join_row(
    const std::vector<std::string>& cells, const std::vector<std::size_t>& widths
) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        line += i == 0 ? "" : "  ";
        append_padded(line, cells[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line + '\n';
}

std::string indented(std::string_view text) {
    std::string out = "\n";
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += "    ";
        out += text.substr(0, end);
        out += '\n';
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return out;
}

std::string record_value(const boost::json::value& value) {
    if (const auto* object = value.if_object()) {
        return indented(render_record(*object));
    }
    if (const auto* array = value.if_array()) {
        std::string lines;
        for (const boost::json::value& entry : *array) {
            const auto* object = entry.if_object();
            lines += object != nullptr ? render_record(*object) + "\n" : cell_text(entry) + "\n";
        }
        return lines.empty() ? " none\n" : indented(lines);
    }
    if (const auto* text = value.if_string(); text != nullptr && text->find('\n') != text->npos) {
        return indented(printable(*text, true));
    }
    const std::string text = cell_text(value);
    return text.empty() ? "\n" : " " + text + "\n";
}

}  // namespace

std::string printable(std::string_view text, bool keep_lines) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = utf8_character_length(text);
        const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
        const bool kept = keep_lines && (character == "\n" || character == "\t");
        if (kept || (length > 0 && !mail::is_control_character(character))) {
            out += character;
        } else {
            for (const char byte : character) {
                out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
            }
        }
        text.remove_prefix(character.size());
    }
    return out;
}

std::string cell_text(const boost::json::value& value) {
    if (value.is_null()) {
        return "";
    }
    if (const auto* text = value.if_string()) {
        return printable(*text);
    }
    return printable(to_json_text(value));
}

std::string render_table(
    const std::vector<std::string_view>& columns, const boost::json::array& rows
) {
    std::vector<std::vector<std::string>> lines;
    lines.emplace_back(columns.begin(), columns.end());
    for (const boost::json::value& row : rows) {
        std::vector<std::string>& cells = lines.emplace_back();
        for (const std::string_view column : columns) {
            const boost::json::value* value = row.as_object().if_contains(column);
            cells.push_back(value == nullptr ? "" : cell_text(*value));
        }
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const auto& cells : lines) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            widths[i] = std::max(widths[i], width(cells[i]));
        }
    }
    std::string out;
    for (const auto& cells : lines) {
        out += join_row(cells, widths);
    }
    return out;
}

std::string render_record(const boost::json::object& record) {
    std::string out;
    for (const auto& [name, value] : record) {
        out += printable(name);
        out += ':';
        out += record_value(value);
    }
    return out;
}

void set_bytes(boost::json::object& object, std::string_view name, std::string_view bytes) {
    if (mail::is_utf8(bytes)) {
        object[name] = bytes;
    } else {
        object[std::string(name) + "_base64"] = to_base64(bytes);
    }
}

}  // namespace chatear::admin
