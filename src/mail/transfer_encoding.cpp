#include "mail/transfer_encoding.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstdint>

namespace chatear::mail {
namespace {

constexpr std::size_t max_plain_line_bytes = 998;
constexpr std::size_t max_encoded_line_bytes = 76;  // RFC 2045, 6.7 and 6.8.
constexpr std::string_view hex_digits = "0123456789ABCDEF";

/// The lines of a text without their breaks, which are CR, LF or CRLF. Each place is looked at
/// twice at most, by memchr: a loop over the bytes is what cost most in writing a message.
class Lines {
public:
    explicit Lines(std::string_view text)
        : text_(text), next_lf_(find('\n')), next_cr_(find('\r')) {}

    bool done() const { return place_ >= text_.size(); }

    /// Requires !done().
    std::string_view take() {
        const std::size_t end = std::min(next_lf_, next_cr_);
        const std::string_view line = text_.substr(place_, end - place_);
        const bool pair = next_cr_ < next_lf_ && next_lf_ == next_cr_ + 1;
        place_ = std::min(end + (pair ? 2 : 1), text_.size());
        if (next_lf_ < place_) {
            next_lf_ = find('\n');
        }
        if (next_cr_ < place_) {
            next_cr_ = find('\r');
        }
        return line;
    }

private:
    std::size_t find(char byte) const { return std::min(text_.find(byte, place_), text_.size()); }

    std::string_view text_;
    std::size_t place_ = 0;
    std::size_t next_lf_;  // The text's size where there is none.
    std::size_t next_cr_;
};

struct Survey {
    std::size_t eight_bit = 0;  // Bytes over 127.
    std::size_t controls = 0;   // But TAB, CR and LF; with DEL.
    std::size_t equals = 0;     // What quoted-printable must encode for its own sake.
    bool awkward_line = false;  // Too long, or begins like something else.
};

/// Adds what stands in at most 255 bytes: so the sums fit into bytes, and without a branch the
/// compiler counts 16 of them at a time.
void count_bytes(Survey& found, std::string_view block) {
    std::uint8_t eight_bit = 0;
    std::uint8_t controls = 0;
    std::uint8_t equals = 0;
    for (const char byte : block) {
        const auto value = static_cast<std::uint8_t>(byte);
        const int breaks = (value == '\t') + (value == '\n') + (value == '\r');
        const int control = (value < 0x20) - breaks + (value == 0x7f);
        eight_bit = static_cast<std::uint8_t>(eight_bit + (value >> 7));
        controls = static_cast<std::uint8_t>(controls + control);
        equals = static_cast<std::uint8_t>(equals + (value == '='));
    }
    found.eight_bit += eight_bit;
    found.controls += controls;
    found.equals += equals;
}

Survey survey(std::string_view text) {
    constexpr std::size_t block_bytes = 240;
    Survey found;
    for (std::size_t place = 0; place < text.size(); place += block_bytes) {
        count_bytes(found, text.substr(place, block_bytes));
    }
    Lines lines(text);
    while (!lines.done() && !found.awkward_line) {
        const std::string_view line = lines.take();
        found.awkward_line = line.size() > max_plain_line_bytes || line.starts_with("--=_") ||
                             line.starts_with("From ");
    }
    return found;
}

void append_escaped(std::string& out, char byte) {
    out += '=';
    out += hex_digits[static_cast<unsigned char>(byte) >> 4];
    out += hex_digits[static_cast<unsigned char>(byte) & 0x0f];
}

bool is_quoted_printable_literal(char byte) {
    return (byte >= 0x20 && byte < 0x7f && byte != '=') || byte == '\t';
}

/// One line in quoted-printable, with soft breaks where it is long, and its CRLF.
void append_quoted_printable_line(std::string& out, std::string_view line) {
    std::size_t column = 0;
    for (std::size_t place = 0; place < line.size(); ++place) {
        const char byte = line[place];
        if (byte == '\0') {
            continue;
        }
        const bool last = place + 1 == line.size();
        const bool blank = byte == ' ' || byte == '\t';
        const bool begins_like_mbox = place == 0 && line.starts_with("From ");
        const bool literal =
            is_quoted_printable_literal(byte) && !(last && blank) && !begins_like_mbox;
        const std::size_t size = literal ? 1 : 3;
        if (column + size > max_encoded_line_bytes - 1) {
            out += "=\r\n";
            column = 0;
        }
        if (literal) {
            out += byte;
        } else {
            append_escaped(out, byte);
        }
        column += size;
    }
    out += "\r\n";
}

std::string with_canonical_breaks(std::string_view text) {
    std::string canonical;
    canonical.reserve(text.size() + text.size() / 32 + 2);
    Lines lines(text);
    while (!lines.done()) {
        for (const char byte : lines.take()) {
            if (byte != '\0') {
                canonical += byte;
            }
        }
        canonical += "\r\n";
    }
    return canonical;
}

}  // namespace

std::string_view name_of(TransferEncoding encoding) {
    switch (encoding) {
        case TransferEncoding::seven_bit:
            return "7bit";
        case TransferEncoding::eight_bit:
            return "8bit";
        case TransferEncoding::quoted_printable:
            return "quoted-printable";
        case TransferEncoding::base64:
            return "base64";
    }
    CHATEAR_ASSERT(false);
    return "";
}

TransferEncoding choose_text_encoding(std::string_view text, bool eight_bit_mime) {
    const Survey found = survey(text);
    const bool plain = found.controls == 0 && !found.awkward_line;
    if (plain && found.eight_bit == 0) {
        return TransferEncoding::seven_bit;
    }
    if (plain && eight_bit_mime) {
        return TransferEncoding::eight_bit;
    }
    // A byte that must be escaped grows by 2; base64 makes four of three.
    const std::size_t escaped = found.eight_bit + found.controls + found.equals;
    return escaped * 2 > text.size() / 3 ? TransferEncoding::base64
                                         : TransferEncoding::quoted_printable;
}

void append_text(std::string& out, std::string_view text, TransferEncoding encoding) {
    Lines lines(text);
    switch (encoding) {
        case TransferEncoding::seven_bit:
        case TransferEncoding::eight_bit:
            while (!lines.done()) {
                out += lines.take();
                out += "\r\n";
            }
            return;
        case TransferEncoding::quoted_printable:
            while (!lines.done()) {
                append_quoted_printable_line(out, lines.take());
            }
            return;
        case TransferEncoding::base64:
            append_base64_lines(out, with_canonical_breaks(text));
            return;
    }
    CHATEAR_ASSERT(false);
}

void append_base64_lines(std::string& out, std::string_view bytes) {
    constexpr std::size_t bytes_a_line = max_encoded_line_bytes / 4 * 3;
    while (!bytes.empty()) {
        append_base64(out, bytes.substr(0, bytes_a_line));
        out += "\r\n";
        bytes.remove_prefix(std::min(bytes_a_line, bytes.size()));
    }
}

void append_base64(std::string& out, std::string_view bytes) {
    static constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = [bytes](std::size_t place) -> std::uint32_t {
        return place < bytes.size() ? static_cast<unsigned char>(bytes[place]) : 0;
    };
    for (std::size_t place = 0; place < bytes.size(); place += 3) {
        const std::uint32_t group = value(place) << 16 | value(place + 1) << 8 | value(place + 2);
        const char four[] = {
            digits[group >> 18],
            digits[group >> 12 & 63],
            place + 1 < bytes.size() ? digits[group >> 6 & 63] : '=',
            place + 2 < bytes.size() ? digits[group & 63] : '='};
        out.append(four, 4);
    }
}

}  // namespace chatear::mail
