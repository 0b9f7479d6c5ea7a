#pragma once

#include "base/result.hpp"
#include "deletion/audit_verifier.hpp"

#include <string_view>

namespace chatear::admin {

/// What `audit verify --from` takes: "ID:HASH", the hash as 64 hexadecimal digits. The id may have
/// colons of its own.
Result<deletion::TrustedRow> parse_trusted_row(std::string_view text);

}  // namespace chatear::admin
