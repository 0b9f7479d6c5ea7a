#include "base/redaction.hpp"

#include "base/log.hpp"

namespace chatear::log {
namespace {

/// What may stand around the '@' of an address that others write into their sentences.
bool is_of_address(char c) {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f &&
           std::string_view("<>()[]{},;:\"@").find(c) == std::string_view::npos;
}

/// Where the address around `at` begins; `at` where nothing stands before it.
std::size_t address_begin(std::string_view text, std::size_t from, std::size_t at) {
    if (at >= from + 2 && text[at - 1] == '"') {
        const std::size_t quote = text.rfind('"', at - 2);  // A quoted local part.
        return quote == text.npos || quote < from ? at - 1 : quote;
    }
    std::size_t begin = at;
    while (begin > from && is_of_address(text[begin - 1])) {
        --begin;
    }
    while (begin < at && text[begin] == '\'') {
        ++begin;
    }
    return begin;
}

std::size_t address_end(std::string_view text, std::size_t at) {
    std::size_t end = at + 1;
    while (end < text.size() && is_of_address(text[end])) {
        ++end;
    }
    while (text[end - 1] == '.' || text[end - 1] == '\'') {
        --end;
    }
    return end;
}

}  // namespace

std::string with_redacted_addresses(std::string_view text) {
    std::string shown;
    std::size_t taken = 0;
    for (std::size_t at = text.find('@'); at != text.npos; at = text.find('@', at + 1)) {
        const std::size_t begin = address_begin(text, taken, at);
        const std::size_t end = address_end(text, at);
        if (begin < at) {
            shown.append(text, taken, begin - taken);
            shown += redacted_address(text.substr(begin, end - begin));
            taken = end;
            at = end - 1;
        }
    }
    return shown.append(text, taken);
}

}  // namespace chatear::log
