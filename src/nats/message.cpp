#include "nats/message.hpp"

#include <algorithm>

namespace chatear::nats {
namespace {

bool name_byte(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7f && c != ':';
}

std::string_view next_token(std::string_view& subject) {
    const std::size_t dot = std::min(subject.find('.'), subject.size());
    const std::string_view token = subject.substr(0, dot);
    subject.remove_prefix(std::min(dot + 1, subject.size()));
    return token;
}

}  // namespace

std::optional<std::string_view> find_header(const Headers& headers, std::string_view name) {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
        return header.first == name;
    });
    if (found == headers.end()) {
        return std::nullopt;
    }
    return std::string_view(found->second);
}

bool valid_subject(std::string_view subject) {
    char before = '.';  // So that a dot at the start counts as an empty token.
    for (const char c : subject) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f || c == '*' || c == '>' || (c == '.' && before == '.')) {
            return false;
        }
        before = c;
    }
    return before != '.';
}

bool subject_covers(std::string_view pattern, std::string_view subject) {
    while (!pattern.empty() && !subject.empty()) {
        const std::string_view wanted = next_token(pattern);
        const std::string_view token = next_token(subject);
        if (wanted == ">") {
            return true;
        }
        const bool fits = wanted == "*" ? token != ">" : wanted == token;
        if (!fits) {
            return false;
        }
    }
    return pattern.empty() && subject.empty();
}

Result<void> check_headers(const Headers& headers) {
    for (const auto& [name, value] : headers) {
        if (name.empty() || !std::all_of(name.begin(), name.end(), name_byte)) {
            return Error{
                "a header's name is empty, or has a colon, white space or a byte outside ASCII"};
        }
        if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
            return Error{"the value of header " + name + " has CR, LF or NUL"};
        }
    }
    return {};
}

}  // namespace chatear::nats
