#include "smtp/reply.hpp"

#include <charconv>
#include <utility>

namespace chatear::smtp {
namespace {

bool is_digit(char character) {
    return character >= '0' && character <= '9';
}

/// Reads one to three digits off the front of `text`.
std::optional<int> take_number(std::string_view& text) {
    std::size_t length = 0;
    while (length < text.size() && is_digit(text[length])) {
        ++length;
    }
    if (length == 0 || length > 3) {
        return std::nullopt;
    }
    int value = 0;
    std::from_chars(text.data(), text.data() + length, value);
    text.remove_prefix(length);
    return value;
}

bool take_dot(std::string_view& text) {
    if (!text.starts_with('.')) {
        return false;
    }
    text.remove_prefix(1);
    return true;
}

/// 200 to 599, or nothing (RFC 5321, 4.2: the second digit goes to 5; real servers differ).
std::optional<int> reply_code(std::string_view line) {
    if (line.size() < 3 || line[0] < '2' || line[0] > '5' || !is_digit(line[1]) ||
        !is_digit(line[2])) {
        return std::nullopt;
    }
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

}  // namespace

std::string to_text(const EnhancedCode& code) {
    return std::to_string(code.status_class) + '.' + std::to_string(code.subject) + '.' +
           std::to_string(code.detail);
}

Verdict Reply::verdict() const {
    if (code == 421) {
        return Verdict::unavailable;
    }
    switch (code / 100) {
        case 2:
            return Verdict::accepted;
        case 3:
            return Verdict::go_on;
        case 4:
            return Verdict::try_later;
        default:
            return Verdict::never;
    }
}

std::optional<EnhancedCode> Reply::enhanced_code() const {
    std::string_view rest = text;
    const std::optional<int> status_class = take_number(rest);
    if (!status_class || *status_class != code / 100 || !take_dot(rest)) {
        return std::nullopt;
    }
    const std::optional<int> subject = take_number(rest);
    if (!subject || !take_dot(rest)) {
        return std::nullopt;
    }
    const std::optional<int> detail = take_number(rest);
    const bool ends_here =
        rest.empty() || rest.front() == ' ' || rest.front() == '\n' || rest.front() == '\t';
    if (!detail || !ends_here) {
        return std::nullopt;
    }
    return EnhancedCode{*status_class, *subject, *detail};
}

std::string Reply::one_line() const {
    constexpr std::size_t max_bytes = 500;
    std::string line = code == 0 ? "" : std::to_string(code) + ' ';
    for (const char character : text) {
        if (line.size() == max_bytes) {
            break;
        }
        const bool printable = character >= ' ' && character <= '~';
        line += character == '\n' ? ' ' : (printable ? character : '?');
    }
    return line;
}

Result<bool> ReplyParser::add_line(std::string_view line) {
    const std::optional<int> code = reply_code(line);
    const bool separated =
        line.size() == 3 || (line.size() > 3 && (line[3] == ' ' || line[3] == '-'));
    if (!code || !separated) {
        return Error{"a reply line without a code: not SMTP"};
    }
    if (partial_.code == 0) {
        partial_.code = *code;
    } else if (partial_.code != *code) {
        return Error{
            "one reply with the codes " + std::to_string(partial_.code) + " and " +
            std::to_string(*code)};
    } else {
        partial_.text += '\n';
    }
    if (line.size() > 4) {
        partial_.text += line.substr(4);
    }
    if (partial_.text.size() > max_reply_bytes) {
        return Error{"a reply of more than " + std::to_string(max_reply_bytes) + " bytes"};
    }
    return line.size() == 3 || line[3] == ' ';
}

Result<std::optional<Reply>> ReplyParser::next() {
    std::size_t used = 0;
    bool whole = false;
    while (!whole) {
        const std::size_t end = buffer_.find('\n', used);
        const std::size_t line_bytes = (end == std::string::npos ? buffer_.size() : end + 1) - used;
        if (line_bytes > max_line_bytes) {
            return Error{"a reply line of more than " + std::to_string(max_line_bytes) + " bytes"};
        }
        if (end == std::string::npos) {
            break;
        }
        std::string_view line(buffer_.data() + used, end - used);
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const Result<bool> last = add_line(line);
        if (!last) {
            return last.error();
        }
        used = end + 1;
        whole = *last;
    }
    buffer_.erase(0, used);
    if (!whole) {
        return std::optional<Reply>();
    }
    return std::optional<Reply>(std::exchange(partial_, Reply{}));
}

}  // namespace chatear::smtp
