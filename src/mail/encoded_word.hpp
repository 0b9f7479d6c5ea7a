#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::mail {

/// Appends `text` as encoded words (RFC 2047) of UTF-8, in the shorter of the two encodings,
/// 75 characters a word and 76 a line at most, never cutting a character; words are parted by
/// CRLF SP, which readers drop. `column` is how far the present line has come; the result is how
/// far the last one has. Bytes that are no UTF-8 become U+FFFD, control characters a space. The
/// words are good in free text and in a phrase.
std::size_t append_encoded_words(std::string& out, std::size_t column, std::string_view text);

}  // namespace chatear::mail
