#include "deletion/audit_chain.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <cstddef>

namespace chatear::deletion {
namespace {

std::string eight_bytes(std::uint64_t number) {
    std::string bytes(8, '\0');
    for (std::size_t n = 0; n < 8; ++n) {
        bytes[n] = static_cast<char>(number >> (56 - 8 * n) & 0xff);
    }
    return bytes;
}

void add_field(std::string& form, std::string_view bytes) {
    form += eight_bytes(bytes.size());
    form += bytes;
}

void add_null(std::string& form) {
    form.append(8, '\xff');
}

void add_text(std::string& form, const std::optional<std::string>& text) {
    if (text) {
        add_field(form, *text);
    } else {
        add_null(form);
    }
}

void add_number(std::string& form, const std::optional<std::int64_t>& number) {
    if (number) {
        add_field(form, eight_bytes(static_cast<std::uint64_t>(*number)));
    } else {
        add_null(form);
    }
}

}  // namespace

AuditHead head_of(const AuditRow& row) {
    CHATEAR_ASSERT(row.chain_seq);
    return {row.id, *row.chain_seq, row.hash};
}

std::string chain_origin() {
    return std::string(32, '\0');
}

std::string audit_binary_form(const AuditRow& row) {
    std::string form;
    add_field(form, "action_logs 1");
    add_number(form, row.chain_seq);
    add_text(form, row.chain_seq ? std::optional(row.prev_hash) : std::nullopt);
    add_field(form, row.id);
    add_text(form, row.user_id);
    add_text(form, row.action);
    add_number(
        form,
        row.created_at ? std::optional<std::int64_t>(row.created_at->time_since_epoch().count())
                       : std::nullopt
    );
    add_text(form, row.meta);
    return form;
}

std::string audit_hash(const AuditRow& row) {
    return sha256(audit_binary_form(row));
}

std::string fold_adopted(std::string_view digest, const AuditRow& row) {
    std::string both(digest);
    both += audit_hash(row);
    return sha256(both);
}

}  // namespace chatear::deletion
