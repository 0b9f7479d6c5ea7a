#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// The hash chain of `action_logs` (rule 14), pure. The binary form is described, with a test
/// vector, in docs/audit.md; the table's trigger makes the same.
namespace chatear::deletion {

/// One row, as PostgreSQL writes it. Hashes are 32 raw bytes, "" where there is none.
struct AuditRow {
    std::string id;
    std::optional<std::string> user_id{};
    std::optional<std::string> action{};
    std::optional<Time> created_at{};
    std::optional<std::string> meta{};        ///< The text that jsonb has for itself.
    std::optional<std::int64_t> chain_seq{};  ///< Nothing: from before the chain.
    std::string prev_hash{};
    std::string hash{};
};

/// The end of the chain, or any other row of it that somebody noted and trusts.
struct AuditHead {
    std::string id;
    std::int64_t chain_seq = 0;
    std::string hash{};  ///< 32 raw bytes.

    bool operator==(const AuditHead&) const = default;
};

/// Requires a row of the chain.
AuditHead head_of(const AuditRow& row);

/// What the first link's predecessor is taken to be: 32 zero bytes.
std::string chain_origin();

/// What the hash of a row is taken over.
std::string audit_binary_form(const AuditRow& row);
std::string audit_hash(const AuditRow& row);

/// The digest over the rows from before the chain, each in turn (in the order of their ids by
/// bytes), beginning with chain_origin().
std::string fold_adopted(std::string_view digest, const AuditRow& row);

}  // namespace chatear::deletion
