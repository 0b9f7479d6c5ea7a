#include "deletion/erasure.hpp"

#include "base/utc.hpp"
#include "deletion/audit_actions.hpp"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace chatear::deletion {
namespace {

/// The default's columns; `email` every table has.
constexpr std::array<std::string_view, 3> usual{"name", "locale", "time_zone"};

/// Why it cannot be blanked, with the remedy; nothing where `blank` says how it is.
std::optional<std::string> decide(const UserColumn& column, std::size_t longest_id, Blank& blank) {
    if (column.generated) {
        return "is generated: take it out of HARD_DELETE_COLUMNS, it follows what it is made of";
    }
    if (column.primary_key) {
        return "is part of the primary key: take it out of HARD_DELETE_COLUMNS, keys stay";
    }
    if (column.may_be_null) {
        blank.with = Blank::With::null;
        return std::nullopt;
    }
    if (!column.is_text) {
        return fmt::format(
            "may not be NULL and is no text ({}): let it be NULL, or take it out of "
            "HARD_DELETE_COLUMNS",
            column.type
        );
    }
    if (!column.unique) {
        blank.with = Blank::With::empty;
        return std::nullopt;
    }
    blank.with = Blank::With::stand_in;
    const std::size_t needed = stand_in(column.name, std::string(longest_id, '0')).size();
    if (longest_id > 0 && column.most_characters && *column.most_characters < needed) {
        return fmt::format(
            "may not be NULL, is under a unique key, and is too short for '{}' ({} characters): "
            "make it longer, "
            "or let it be NULL",
            stand_in(column.name, "<id>"),
            needed
        );
    }
    return std::nullopt;
}

}  // namespace

Result<ErasurePlan> plan_erasure(
    const std::vector<std::string>& configured,
    const std::vector<UserColumn>& table,
    std::size_t longest_id
) {
    ErasurePlan plan;
    std::string mistakes;
    for (const std::string& name : configured) {
        const auto column = std::find_if(table.begin(), table.end(), [&](const UserColumn& one) {
            return one.name == name;
        });
        std::optional<std::string> mistake;
        if (column != table.end()) {
            Blank blank{name};
            mistake = decide(*column, longest_id, blank);
            plan.columns.push_back(std::move(blank));
        } else if (std::find(usual.begin(), usual.end(), name) != usual.end()) {
            plan.absent.push_back(name);
        } else {
            mistake =
                "is not there: write it as the table does, or take it out of "
                "HARD_DELETE_COLUMNS";
        }
        if (mistake) {
            mistakes += fmt::format(
                "{}column {} of table users {}", mistakes.empty() ? "" : "; ", name, *mistake
            );
        }
    }
    if (!mistakes.empty()) {
        return Error{"HARD_DELETE_AFTER cannot work: ", mistakes};
    }
    return plan;
}

std::string stand_in(std::string_view column, std::string_view user_id) {
    return fmt::format("erased-{}{}", user_id, column == "email" ? "@invalid" : "");
}

std::string_view to_text(ErasureAnswer answer) {
    switch (answer) {
        case ErasureAnswer::erased:
            return "erased";
        case ErasureAnswer::not_yet:
            return "not yet";
        case ErasureAnswer::in_use:
            return "in use";
        case ErasureAnswer::mail_on_way:
            return "mail on its way";
        case ErasureAnswer::stopped:
            return "stopped";
        case ErasureAnswer::refused:
            return "refused";
        case ErasureAnswer::blocked:
            return "blocked";
    }
    return "";
}

AuditEntry erased_entry(const Erasure& erasure) {
    AuditEntry entry{erasure.user_id, std::string(audit::erased)};
    entry.meta["deletion_id"] = erasure.deletion_id;
    if (erasure.executed_at) {
        entry.meta["executed_at"] = format_time(*erasure.executed_at);
    }
    entry.meta["columns"] = boost::json::array(erasure.columns.begin(), erasure.columns.end());
    entry.meta["mails"] = erasure.mails;
    if (!erasure.account_there) {
        entry.meta["reason"] = "the account's row is not there any more";
    }
    return entry;
}

}  // namespace chatear::deletion
