#pragma once

#include "deletion/audit_chain.hpp"
#include "postgres/rows.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace chatear::deletion {

/// What read_audit_row needs, for a SELECT over `action_logs`; first in its list, since columns are
/// read by number: there may be millions of rows.
inline constexpr const char* audit_row_columns =
    "id::text, user_id::text, action, (extract(epoch FROM created_at) * 1000000)::bigint, "
    "meta::text, chain_seq, prev_hash, hash";
AuditRow read_audit_row(const postgres::Rows& rows, std::size_t row);

/// What the first link says of the rows before it; nothing where it does not.
struct AdoptedRows {
    std::int64_t rows = 0;
    std::string digest{};  ///< Hexadecimal digits.
};
std::optional<AdoptedRows> read_adopted(const AuditRow& first);

}  // namespace chatear::deletion
