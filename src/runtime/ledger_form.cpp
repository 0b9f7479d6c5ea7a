#include "runtime/ledger_form.hpp"

#include "base/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::runtime {

LedgerForm::LedgerForm(const LedgerTable& table) {
    CHATEAR_ASSERT(is_name(table.name) && is_name(table.working_word) && is_name(table.done_word));
    add("table", table.name);
    add("working", table.working_word);
    add("done", table.done_word);
    add("key", table.has_subject ? "subject, event_id" : "event_id");
    add("key_in_bytes",
        table.has_subject ? R"(subject COLLATE "C", event_id COLLATE "C")"
                          : R"(event_id COLLATE "C")");
    add("input_key", table.has_subject ? "i.subject, i.event_id" : "i.event_id");
    add("same_key",
        table.has_subject ? "t.subject = ANY (ARRAY[i.subject]) AND t.event_id = i.event_id"
                          : "t.event_id = ANY (ARRAY[i.event_id])");
    add("returned_subject", table.has_subject ? "t.subject" : "NULL::text");
}

void LedgerForm::add(const char* name, std::string value) {
    arguments_.push_back(fmt::arg(name, std::move(value)));
}

std::string LedgerForm::fill(std::string_view form) const {
    return fmt::vformat(form, arguments_);
}

bool is_name(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    });
}

std::string each(
    const std::vector<LedgerColumn>& columns, std::size_t first, std::string_view form
) {
    std::string text;
    for (std::size_t n = 0; n < columns.size(); ++n) {
        CHATEAR_ASSERT(is_name(columns[n].name) && is_name(columns[n].type));
        text += fmt::format(
            fmt::runtime(form),
            fmt::arg("name", columns[n].name),
            fmt::arg("type", columns[n].type),
            fmt::arg("absent", columns[n].absent),
            fmt::arg("n", first + n)
        );
    }
    return text;
}

}  // namespace chatear::runtime
