#include "http/request.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <utility>

namespace chatear::http {
namespace {

constexpr std::size_t max_parameters = 100;

std::optional<unsigned char> hex_digit(char digit) {
    if (digit >= '0' && digit <= '9') {
        return static_cast<unsigned char>(digit - '0');
    }
    if (digit >= 'a' && digit <= 'f') {
        return static_cast<unsigned char>(digit - 'a' + 10);
    }
    if (digit >= 'A' && digit <= 'F') {
        return static_cast<unsigned char>(digit - 'A' + 10);
    }
    return std::nullopt;
}

enum class Plus { is_plus, is_space };

Result<std::string> percent_decoded(std::string_view text, Plus plus) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char byte = text[at];
        if (byte == '%') {
            const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
            const auto low = high ? hex_digit(text[at + 2]) : std::nullopt;
            if (!low) {
                return Error{"a '%' that two hexadecimal digits do not follow"};
            }
            byte = static_cast<char>((*high << 4) | *low);
            at += 2;
        } else if (byte == '+' && plus == Plus::is_space) {
            byte = ' ';
        }
        if (byte == '\0') {
            return Error{"a NUL"};
        }
        decoded += byte;
    }
    return decoded;
}

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        path.remove_prefix(1);  // The '/'.
        const std::string_view segment = path.substr(0, path.find('/'));
        if (segment == "." || segment == "..") {
            return true;
        }
        path.remove_prefix(segment.size());
    }
    return false;
}

}  // namespace

std::optional<std::string_view> find_header(
    const std::vector<Header>& headers, std::string_view name
) {
    for (const Header& header : headers) {
        if (boost::beast::iequals(header.name, name)) {
            return header.value;
        }
    }
    return std::nullopt;
}

std::optional<std::string_view> Request::header(std::string_view name) const {
    return find_header(headers, name);
}

Result<Parameters> parse_form(std::string_view text) {
    Parameters parameters;
    std::size_t count = 0;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) {
            continue;
        }
        if (++count > max_parameters) {
            return Error{"more than " + std::to_string(max_parameters) + " parameters"};
        }
        const std::string_view raw_name = pair.substr(0, pair.find('='));
        const std::string_view raw_value = pair.substr(std::min(pair.size(), raw_name.size() + 1));
        Result<std::string> name = percent_decoded(raw_name, Plus::is_space);
        if (!name) {
            return name.error();
        }
        Result<std::string> value = percent_decoded(raw_value, Plus::is_space);
        if (!value) {
            return value.error();
        }
        parameters.insert_or_assign(std::move(*name), std::move(*value));
    }
    return parameters;
}

Result<Target> parse_target(std::string_view text) {
    if (!text.starts_with('/')) {
        return Error{"a target that does not begin with '/'"};
    }
    const std::string_view raw_path = text.substr(0, text.find('?'));
    const std::string_view query = text.substr(std::min(text.size(), raw_path.size() + 1));
    Result<std::string> path = percent_decoded(raw_path, Plus::is_plus);
    if (!path) {
        return path.error();
    }
    if (has_dot_segment(*path)) {
        return Error{"a path with '.' or '..'"};
    }
    Result<Parameters> parameters = parse_form(query);
    if (!parameters) {
        return parameters.error();
    }
    return Target{std::move(*path), std::move(*parameters)};
}

}  // namespace chatear::http
