#include "mail/header_field.hpp"

#include "mail/characters.hpp"
#include "mail/encoded_word.hpp"

#include <algorithm>

namespace chatear::mail {
namespace {

constexpr std::size_t preferred_line = 78;  // RFC 5322, 2.1.1, without CRLF.

bool is_printable_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) {
        return byte >= ' ' && byte < 0x7f;
    });
}

/// Whether a reader gives back `text` when it stands in a header as it is, folded at its spaces:
/// readers may make one space of several, drop outer ones, and decode what looks like a word.
bool survives_as_it_is(std::string_view text) {
    std::size_t word = 0;
    char previous = ' ';
    for (const char byte : text) {
        if (byte < ' ' || byte >= 0x7f || (byte == ' ' && previous == ' ')) {
            return false;
        }
        word = byte == ' ' ? 0 : word + 1;
        if (word > preferred_line - 2) {
            return false;
        }
        previous = byte;
    }
    return (text.empty() || previous != ' ') && text.find("=?") == std::string_view::npos;
}

/// Appends printable ASCII, breaking the line before runs of spaces where it would get too long.
void append_folded(std::string& out, std::size_t column, std::string_view text) {
    bool first = true;
    while (!text.empty()) {
        const std::size_t word = std::min(text.find_first_not_of(' '), text.size());
        const std::size_t end = std::min(text.find(' ', word), text.size());
        if (!first && column + end > preferred_line) {
            out += "\r\n";
            column = 0;
        }
        out += text.substr(0, end);
        column += end;
        text.remove_prefix(end);
        first = false;
    }
}

std::size_t append_name(std::string& out, std::string_view name) {
    out += name;
    out += ": ";
    return name.size() + 2;
}

/// RFC 5322, 3.2.3, atext with the space between atoms.
bool is_phrase_of_atoms(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char byte) {
        return is_ascii_letter_or_digit(byte) ||
               std::string_view(" !#$%&'*+-/=?^_`{|}~").find(byte) != std::string_view::npos;
    });
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char byte : text) {
        if (byte == '"' || byte == '\\') {
            out += '\\';
        }
        out += byte;
    }
    out += '"';
}

/// A name for people in front of an address; the result is the column behind it.
std::size_t append_phrase(std::string& out, std::size_t column, std::string_view text) {
    const std::size_t before = out.size();
    if (!survives_as_it_is(text) || column + 2 * text.size() + 2 > preferred_line) {
        return append_encoded_words(out, column, text);
    }
    if (is_phrase_of_atoms(text)) {
        out += text;
    } else {
        append_quoted(out, text);
    }
    return column + out.size() - before;
}

}  // namespace

void append_free_text_field(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t column = append_name(out, name);
    if (survives_as_it_is(value)) {
        append_folded(out, column, value);
    } else {
        append_encoded_words(out, column, value);
    }
    out += "\r\n";
}

void append_structured_field(std::string& out, std::string_view name, std::string_view value) {
    const std::size_t column = append_name(out, name);
    while (value.starts_with(' ')) {
        value.remove_prefix(1);
    }
    while (value.ends_with(' ')) {
        value.remove_suffix(1);
    }
    if (is_printable_ascii(value)) {
        append_folded(out, column, value);
    } else {
        std::string clean(value);
        std::replace_if(
            clean.begin(), clean.end(), [](char byte) { return byte < ' ' || byte >= 0x7f; }, '?'
        );
        append_folded(out, column, clean);
    }
    out += "\r\n";
}

void append_mailbox_field(std::string& out, std::string_view name, const Address& mailbox) {
    std::size_t column = append_name(out, name);
    const std::size_t address_size = mailbox.local_part.size() + mailbox.domain.size() + 1;
    const bool named = !mailbox.display_name.empty();
    if (named) {
        column = append_phrase(out, column, mailbox.display_name);
        out += column + address_size + 3 > preferred_line ? "\r\n <" : " <";
    }
    out += mailbox.local_part;
    out += '@';
    out += mailbox.domain;
    out += named ? ">\r\n" : "\r\n";
}

}  // namespace chatear::mail
