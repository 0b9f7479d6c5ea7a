#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "deletion/erasure.hpp"
#include "deletion/settings.hpp"
#include "deletion/store_transaction.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::deletion {

/// Blanks what is personal of accounts that were deleted long ago (rule 15): in `users` the
/// configured columns, in `email_sends` the rows of the e-mails that their deletions led to, in
/// `user_deletions` the address's hash. Keys stay. Throws Unavailable("postgres"). The pool must
/// outlive it; give it two connections.
class PostgresErasure {
public:
    /// An executed deletion whose time has come.
    struct Due {
        std::string deletion_id;
        Time executed_at{};
    };
    enum class Mode {
        carry_out,
        try_out,  ///< Everything but the audit row, and taken back.
    };

    /// Requires `settings.after`.
    PostgresErasure(postgres::Pool& pool, ErasureSettings settings);

    /// Reads what the columns of `users` are; before the calls below, and again after some time.
    /// An Error: columns that cannot be blanked, with the remedy.
    asio::awaitable<Result<void>> prepare();

    /// Those that the table lacks. Requires prepare().
    const std::vector<std::string>& absent_columns() const;

    /// Why nothing is executed, and nothing erased either; nothing = go on.
    asio::awaitable<std::optional<std::string>> stopped_for();

    /// Behind `behind` (nothing = from the first), oldest execution first.
    asio::awaitable<std::vector<Due>> due(std::optional<Due> behind, std::size_t most);

    /// One deletion, in one transaction with its audit row; what was erased is so once. Where the
    /// account is in use again, nothing is touched.
    asio::awaitable<Erasure> erase(std::string deletion_id, Mode mode);

private:
    struct Tables;
    asio::awaitable<Erasure> erase_in(StoreTransaction& transaction, Erasure found, Mode mode);
    asio::awaitable<Erasure> look(StoreTransaction& transaction, Erasure found);
    asio::awaitable<Erasure> blank_account(StoreTransaction& transaction, Erasure found);

    postgres::Pool& pool_;
    ErasureSettings settings_;
    std::shared_ptr<const Tables> tables_;
};

}  // namespace chatear::deletion
