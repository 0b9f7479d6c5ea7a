#pragma once

#include <string>
#include <string_view>

namespace chatear::log {

/// `text` with each address in it as redacted_address(): mail servers like to repeat the recipient
/// in a refusal. Done to every field of a log line that is named `reason` or `error`.
std::string with_redacted_addresses(std::string_view text);

}  // namespace chatear::log
