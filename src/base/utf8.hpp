#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear {

/// The length of the UTF-8 character at the front of `text` (RFC 3629, section 4: no over-long
/// forms, no surrogates, nothing over U+10FFFF); 0 where there is none.
std::size_t utf8_character_length(std::string_view text);

/// `text` with each byte that is no UTF-8 replaced by U+FFFD: for what a peer sent and what has to
/// stand in JSON all the same.
std::string valid_utf8(std::string_view text);

}  // namespace chatear
