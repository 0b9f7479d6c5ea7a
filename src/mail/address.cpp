#include "mail/address.hpp"

#include "mail/characters.hpp"

#include <arpa/inet.h>
#include <idn2.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

namespace chatear::mail {
namespace {

bool is_atom_character(char character) {
    return is_ascii_letter_or_digit(character) || static_cast<unsigned char>(character) >= 0x80 ||
           std::string_view("!#$%&'*+-/=?^_`{|}~").find(character) != std::string_view::npos;
}

bool is_dot_atom(std::string_view text) {
    char previous = '.';
    for (const char character : text) {
        if (character == '.' ? previous == '.' : !is_atom_character(character)) {
            return false;
        }
        previous = character;
    }
    return previous != '.';
}

std::string_view trim(std::string_view text) {
    while (text.starts_with(' ')) {
        text.remove_prefix(1);
    }
    while (text.ends_with(' ')) {
        text.remove_suffix(1);
    }
    return text;
}

/// Takes a quoted string (RFC 5322, 3.2.4) off the front of `text` and gives what it means.
std::optional<std::string> take_quoted_string(std::string_view& text) {
    std::string meaning;
    for (std::size_t place = 1; place < text.size(); ++place) {
        if (text[place] == '"') {
            text.remove_prefix(place + 1);
            return meaning;
        }
        if (text[place] == '\\' && ++place == text.size()) {
            break;
        }
        meaning += text[place];
    }
    return std::nullopt;
}

Result<std::string> parse_display_name(std::string_view text) {
    text = trim(text);
    std::string name(text);
    if (text.starts_with('"')) {
        const auto meaning = take_quoted_string(text);
        if (!meaning || !text.empty()) {
            return Error{"the quotes around the name before the address do not match"};
        }
        name = *meaning;
    } else if (text.find_first_of("()<>[]:;@\\,\"") != std::string_view::npos) {
        return Error{"the name before the address has special characters: put it in quotes"};
    }
    if (name.size() > max_display_name_bytes) {
        return Error{"the name before the address is over 256 bytes"};
    }
    return name;
}

Result<std::string> parse_quoted_local_part(std::string_view text) {
    const auto meaning = take_quoted_string(text);
    if (!meaning || !text.empty()) {
        return Error{"the quotes around the address's local part do not match"};
    }
    if (is_dot_atom(*meaning)) {
        return *meaning;
    }
    std::string quoted = "\"";
    for (const char character : *meaning) {
        if (character == '"' || character == '\\') {
            quoted += '\\';
        }
        quoted += character;
    }
    return quoted + '"';
}

Result<std::string> parse_local_part(std::string_view text) {
    if (text.empty()) {
        return Error{"the address has nothing before its '@'"};
    }
    Result<std::string> local_part = std::string(text);
    if (text.starts_with('"')) {
        local_part = parse_quoted_local_part(text);
    } else if (!is_dot_atom(text)) {
        return Error{"the address's local part has a character or a dot where none may be"};
    }
    if (local_part && local_part->size() > max_local_part_bytes) {
        return Error{"the address's local part is over 64 bytes"};
    }
    return local_part;
}

Result<std::string> parse_address_literal(std::string_view text) {
    const Error bad{"the address's domain is in brackets but no IPv4 or [IPv6:...] address"};
    if (!text.ends_with(']')) {
        return bad;
    }
    std::string inside(text.substr(1, text.size() - 2));
    const bool is_6 = equal_ignoring_case(std::string_view(inside).substr(0, 5), "IPv6:");
    if (is_6) {
        inside.erase(0, 5);
    }
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (inet_pton(is_6 ? AF_INET6 : AF_INET, inside.c_str(), address.data()) != 1) {
        return bad;
    }
    return (is_6 ? "[IPv6:" : "[") + inside + "]";
}

Result<std::string> to_a_labels(std::string_view domain) {
    char* converted = nullptr;
    const int status = idn2_to_ascii_8z(
        std::string(domain).c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL
    );
    const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
    if (status != IDN2_OK) {
        return Error{
            std::string("the address's domain has no ASCII form: ") + idn2_strerror(status)};
    }
    return std::string(converted);
}

bool is_host_label(std::string_view label) {
    const bool clean = std::all_of(label.begin(), label.end(), [](char character) {
        return is_ascii_letter_or_digit(character) || character == '-';
    });
    return clean && !label.empty() && label.size() <= 63 && label.front() != '-' &&
           label.back() != '-';
}

bool is_host_name(std::string_view domain) {
    while (true) {
        const std::size_t dot = domain.find('.');
        if (!is_host_label(domain.substr(0, dot))) {
            return false;
        }
        if (dot == std::string_view::npos) {
            return true;
        }
        domain.remove_prefix(dot + 1);
    }
}

Result<std::string> parse_domain(std::string_view text) {
    if (text.size() > max_domain_bytes) {
        return Error{"the address's domain is over 255 bytes"};
    }
    if (text.starts_with('[')) {
        return parse_address_literal(text);
    }
    Result<std::string> domain = is_ascii(text) ? std::string(text) : to_a_labels(text);
    if (!domain) {
        return domain.error();
    }
    std::transform(domain->begin(), domain->end(), domain->begin(), to_lower_ascii);
    if (!is_host_name(*domain)) {
        return Error{"the address's domain is no host name"};
    }
    return domain;
}

/// The first '<' outside of quotes.
std::size_t find_bracket(std::string_view text) {
    bool quoted = false;
    for (std::size_t place = 0; place < text.size(); ++place) {
        if (text[place] == '"') {
            quoted = !quoted;
        } else if (text[place] == '\\' && quoted) {
            ++place;
        } else if (text[place] == '<' && !quoted) {
            return place;
        }
    }
    return std::string_view::npos;
}

Result<Address> parse_addr_spec(std::string_view text, std::string display_name) {
    const std::size_t at = text.rfind('@');
    if (at == std::string_view::npos) {
        return Error{"the address has no '@'"};
    }
    const auto local_part = parse_local_part(text.substr(0, at));
    if (!local_part) {
        return local_part.error();
    }
    const auto domain = parse_domain(text.substr(at + 1));
    if (!domain) {
        return domain.error();
    }
    if (local_part->size() + 1 + domain->size() > max_addr_spec_bytes) {
        return Error{"the address is over 254 bytes"};
    }
    return Address{std::move(display_name), *local_part, *domain};
}

}  // namespace

std::string Address::addr_spec() const {
    return local_part + '@' + domain;
}

bool Address::needs_smtputf8() const {
    return !is_ascii(local_part);
}

Result<Address> parse_address(std::string_view text) {
    text = trim(text);
    if (!is_utf8(text)) {
        return Error{"the address is not UTF-8"};
    }
    if (has_control_character(text)) {
        return Error{"the address has a control character (a line break, perhaps)"};
    }
    if (!text.ends_with('>')) {
        return parse_addr_spec(text, "");
    }
    const std::size_t bracket = find_bracket(text);
    if (bracket == std::string_view::npos) {
        return Error{"the address has a '>' without a '<' outside of quotes"};
    }
    auto display_name = parse_display_name(text.substr(0, bracket));
    if (!display_name) {
        return display_name.error();
    }
    const std::string_view inside = text.substr(bracket + 1, text.size() - bracket - 2);
    return parse_addr_spec(inside, *std::move(display_name));
}

}  // namespace chatear::mail
