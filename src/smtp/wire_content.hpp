#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::smtp {

/// `content` in the one form that may leave: every line ends with CRLF (a lone CR or LF becomes
/// one, RFC 5321, 2.3.8; without this a relay that ends the content at "\n.\n" could be made to see
/// a second message: CVE-2023-51764), the last one too, and NUL is dropped. What is in this form
/// already is only looked through.
std::string canonical_content(std::string content);

/// `canonical` with each dot at the start of a line doubled, as it stands behind DATA's 354 (RFC
/// 5321, 4.5.2); end_of_content follows it. Where there is none it is only looked through.
std::string dot_stuffed(std::string canonical);

/// Bytes of its first line where that is a header field (RFC 5322, 2.2): what a server that takes
/// it for a command cannot obey, because no command has a colon right behind its name. Else 0.
std::size_t first_field_bytes(std::string_view canonical);

inline constexpr std::string_view end_of_content = ".\r\n";

}  // namespace chatear::smtp
