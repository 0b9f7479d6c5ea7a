#pragma once

#include <cstddef>
#include <string_view>

namespace chatear::mail {

/// Whether all of `text` is UTF-8 as base/utf8.hpp knows it.
bool is_utf8(std::string_view text);
bool is_ascii(std::string_view text);

/// Whether `text` holds what may never be in a header's value: C0 controls (also TAB), DEL, C1
/// controls, and Unicode's line and paragraph separators (U+2028, U+2029).
bool has_control_character(std::string_view text);

/// The same for one UTF-8 character.
bool is_control_character(std::string_view character);

bool is_ascii_letter_or_digit(char character);

/// ASCII letters only; the rest stays.
char to_lower_ascii(char character);

bool equal_ignoring_case(std::string_view one, std::string_view other);  ///< ASCII's case.

}  // namespace chatear::mail
