#pragma once

#include <string>
#include <string_view>

namespace chatear::smtp {

/// `content` as it goes over the wire after DATA's 354, with its end: every line ends with CRLF
/// (a lone CR or LF becomes one, RFC 5321, 2.3.8; without this a relay that ends the content at
/// "\n.\n" could be made to see a second message: CVE-2023-51764), NUL is dropped, a dot at the
/// start of a line is doubled (4.5.2), and "." alone ends it.
std::string dot_stuffed(std::string_view content);

/// What dot_stuffed() ends with, after a line's end.
inline constexpr std::string_view end_of_content = ".\r\n";

}  // namespace chatear::smtp
