#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "deletion/change.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What HARD_DELETE_AFTER does to a deleted account (rule 15), as far as it can be said without a
/// database.
namespace chatear::deletion {

/// A column of the product's `users`, as far as blanking goes.
struct UserColumn {
    std::string name;
    std::string type{};  ///< As SQL writes it; of a domain that which it is over.
    bool is_text = false;
    bool may_be_null = true;
    bool generated = false;    ///< Computed, or always drawn: nobody may write it.
    bool primary_key = false;  ///< Part of it.
    /// Under a unique key, in which NULLs may not meet either where `may_be_null` is false.
    bool unique = false;
    std::optional<std::size_t> most_characters{};
};

/// What a column gets instead of what it holds.
struct Blank {
    enum class With {
        null,
        empty,     ///< ''
        stand_in,  ///< stand_in(): what differs from one account to the next.
    };
    std::string column;
    With with = With::null;

    bool operator==(const Blank&) const = default;
};

struct ErasurePlan {
    std::vector<Blank> columns{};
    std::vector<std::string> absent{};  ///< Asked for by default, and not in the table.
};

/// How the columns that `configured` names are blanked. An Error names every one that cannot be,
/// and the remedy. `longest_id`: characters of the longest users.id; 0 = not known.
Result<ErasurePlan> plan_erasure(
    const std::vector<std::string>& configured,
    const std::vector<UserColumn>& table,
    std::size_t longest_id
);

/// "erased-7@invalid" for the address (".invalid" is nobody's for ever: RFC 2606), else "erased-7".
std::string stand_in(std::string_view column, std::string_view user_id);

enum class ErasureAnswer {
    erased,
    not_yet,      ///< Not executed, not so long ago, or erased already.
    in_use,       ///< The account is not deleted any more, or a newer deletion decides.
    mail_on_way,  ///< Its last e-mail is not judged yet, and its ledger row would be written anew.
    stopped,      ///< Executions are stopped until a person has looked; so is this.
    refused,      ///< The product's table does not take it.
    blocked,      ///< Its rows are locked, or a trigger of theirs fails: it may be over next time.
};
std::string_view to_text(ErasureAnswer answer);

/// What one deletion's erasure did, or would do.
struct Erasure {
    std::string deletion_id;
    std::string user_id{};
    std::optional<Time> executed_at{};
    ErasureAnswer answer = ErasureAnswer::not_yet;
    bool account_there = true;           ///< False: the product removed its row itself.
    std::vector<std::string> columns{};  ///< Of `users`.
    std::size_t mails = 0;               ///< Rows of `email_sends`.
    std::string why{};                   ///< `refused` or `blocked`. No personal data.
};

/// The audit row. Names and numbers, never what stood there.
AuditEntry erased_entry(const Erasure& erasure);

}  // namespace chatear::deletion
