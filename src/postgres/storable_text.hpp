#pragma once

#include <string>
#include <string_view>

namespace chatear::postgres {

/// `text` with each NUL and each byte that is no UTF-8 replaced by U+FFFD, since a PostgreSQL text
/// holds neither: for what others wrote and what must be kept all the same (a server's reply, a
/// header's value).
std::string storable_text(std::string_view text);

}  // namespace chatear::postgres
