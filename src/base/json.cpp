#include "base/json.hpp"

#include "base/json_parser.hpp"

#include <charconv>
#include <utility>

namespace chatear {
namespace {

void write_string(std::string& out, std::string_view text) {
    out += boost::json::serialize(boost::json::string_view(text));
}

void write(std::string& out, const boost::json::value& value) {
    if (const auto* object = value.if_object()) {
        out += '{';
        for (const auto& [key, member] : *object) {
            out += out.back() == '{' ? "" : ",";
            write_string(out, key);
            out += ':';
            write(out, member);
        }
        out += '}';
    } else if (const auto* array = value.if_array()) {
        out += '[';
        for (std::size_t i = 0; i < array->size(); ++i) {
            out += i == 0 ? "" : ",";
            write(out, (*array)[i]);
        }
        out += ']';
    } else if (value.is_number()) {
        out += number_to_text(value);
    } else {
        out += boost::json::serialize(value);
    }
}

}  // namespace

Result<boost::json::value> parse_json(std::string_view text, boost::json::storage_ptr storage) {
    return JsonParser(text, std::move(storage)).parse();
}

std::string number_to_text(const boost::json::value& number) {
    if (const auto* integer = number.if_int64()) {
        return std::to_string(*integer);
    }
    if (const auto* natural = number.if_uint64()) {
        return std::to_string(*natural);
    }
    char buffer[64];
    // Adding 0 makes of -0.0 the 0 that "-0" is read as: what is written is read and written alike.
    const double value = number.as_double() + 0.0;
    const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value);
    return std::string(buffer, error == std::errc() ? end : buffer);
}

std::string to_json_text(const boost::json::value& value) {
    std::string out;
    write(out, value);
    return out;
}

}  // namespace chatear
