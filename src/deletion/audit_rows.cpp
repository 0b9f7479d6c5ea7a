#include "deletion/audit_rows.hpp"

#include "base/json.hpp"
#include "deletion/audit_actions.hpp"

#include <chrono>

namespace chatear::deletion {

AuditRow read_audit_row(const postgres::Rows& rows, std::size_t row) {
    AuditRow read;
    read.id = rows.text(row, 0);
    read.user_id = rows.optional_text(row, 1);
    read.action = rows.optional_text(row, 2);
    if (!rows.is_null(row, 3)) {
        read.created_at = Time(std::chrono::microseconds(rows.integer(row, 3)));
    }
    read.meta = rows.optional_text(row, 4);
    if (!rows.is_null(row, 5)) {
        read.chain_seq = rows.integer(row, 5);
    }
    read.prev_hash = rows.is_null(row, 6) ? "" : rows.bytes(row, 6);
    read.hash = rows.is_null(row, 7) ? "" : rows.bytes(row, 7);
    return read;
}

std::optional<AdoptedRows> read_adopted(const AuditRow& first) {
    const auto meta = parse_json(first.meta.value_or(""));
    if (first.action != audit::log_adopted || !meta || !meta->is_object()) {
        return std::nullopt;
    }
    const boost::json::object& object = meta->get_object();
    const auto* rows = object.if_contains("rows");
    const auto* digest = object.if_contains("digest");
    if (rows == nullptr || !rows->is_int64() || digest == nullptr || !digest->is_string()) {
        return std::nullopt;
    }
    return AdoptedRows{rows->get_int64(), std::string(digest->get_string())};
}

}  // namespace chatear::deletion
