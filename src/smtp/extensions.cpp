#include "smtp/extensions.hpp"

#include "base/number.hpp"

#include <algorithm>
#include <string_view>

namespace chatear::smtp {
namespace {

std::string upper_case(std::string_view text) {
    std::string upper(text);
    for (char& character : upper) {
        if (character >= 'a' && character <= 'z') {
            character = static_cast<char>(character - 'a' + 'A');
        }
    }
    return upper;
}

/// The words of one line, in upper case. "AUTH=LOGIN", as servers before RFC 2554 said, is AUTH
/// LOGIN.
std::vector<std::string> words_of(std::string_view line) {
    std::string upper = upper_case(line);
    if (upper.starts_with("AUTH=")) {
        upper[4] = ' ';
    }
    std::vector<std::string> words;
    std::size_t start = 0;
    while ((start = upper.find_first_not_of(" \t\r", start)) != std::string::npos) {
        const std::size_t end = std::min(upper.find_first_of(" \t\r", start), upper.size());
        words.push_back(upper.substr(start, end - start));
        start = end;
    }
    return words;
}

void apply_limits(Extensions& extensions, const std::vector<std::string>& words) {
    constexpr std::string_view mail_max = "MAILMAX=";
    for (const std::string& word : words) {
        if (word.starts_with(mail_max)) {
            const std::optional<std::size_t> value =
                parse_number<std::size_t>(std::string_view(word).substr(mail_max.size()));
            if (value && *value > 0) {
                extensions.max_mails = value;
            }
        }
    }
}

void apply_line(Extensions& extensions, std::string_view line) {
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) {
        return;
    }
    const std::string& keyword = words.front();
    if (keyword == "PIPELINING") {
        extensions.pipelining = true;
    } else if (keyword == "8BITMIME") {
        extensions.eight_bit_mime = true;
    } else if (keyword == "SMTPUTF8") {
        extensions.smtputf8 = true;
    } else if (keyword == "STARTTLS") {
        extensions.starttls = true;
    } else if (keyword == "CHUNKING") {
        extensions.chunking = true;
    } else if (keyword == "DSN") {
        extensions.dsn = true;
    } else if (keyword == "SIZE") {
        extensions.size = true;
        extensions.max_message_bytes =
            words.size() > 1 ? parse_number<std::size_t>(words[1]).value_or(0) : 0;
    } else if (keyword == "LIMITS") {
        apply_limits(extensions, words);
    } else if (keyword == "AUTH") {
        for (std::size_t index = 1; index < words.size(); ++index) {
            if (std::find(
                    extensions.mechanisms.begin(), extensions.mechanisms.end(), words[index]
                ) == extensions.mechanisms.end()) {
                extensions.mechanisms.push_back(words[index]);
            }
        }
    }
}

}  // namespace

Extensions parse_extensions(const Reply& hello) {
    Extensions extensions;
    std::string_view rest = hello.text;
    std::size_t line_end = rest.find('\n');  // The first line is the server's name.
    while (line_end != std::string_view::npos) {
        rest.remove_prefix(line_end + 1);
        line_end = rest.find('\n');
        apply_line(extensions, rest.substr(0, line_end));
    }
    return extensions;
}

}  // namespace chatear::smtp
