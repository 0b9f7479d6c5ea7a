#pragma once

#include "deletion/erasure_store.hpp"
#include "deletion/settings.hpp"
#include "deletion/store_transaction.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chatear::deletion {

/// Blanks what is personal of accounts that were deleted long ago (rule 15): in `users` the
/// configured columns, in `email_sends` the rows of the e-mails that their deletions led to, in
/// `user_deletions` the address's hash. Keys stay. Throws Unavailable("postgres"). The pool must
/// outlive it; give it two connections.
class PostgresErasure final : public ErasureStore {
public:
    /// Requires `settings.after`.
    PostgresErasure(postgres::Pool& pool, ErasureSettings settings);

    asio::awaitable<Result<void>> prepare() override;

    /// Those that the table lacks. Requires prepare().
    const std::vector<std::string>& absent_columns() const;

    /// Why nothing is executed, and nothing erased either; nothing = go on.
    asio::awaitable<std::optional<std::string>> stopped_for();

    asio::awaitable<std::vector<Due>> due(std::optional<Due> behind, std::size_t most) override;
    asio::awaitable<Erasure> erase(std::string deletion_id, Mode mode) override;

private:
    struct Tables;
    struct Attempt;
    asio::awaitable<void> erase_alone(StoreTransaction& transaction, Attempt& attempt);
    asio::awaitable<void> erase_in(StoreTransaction& transaction, Attempt& attempt);
    asio::awaitable<void> look(StoreTransaction& transaction, Erasure& erasure);
    asio::awaitable<void> blank(StoreTransaction& transaction, Attempt& attempt);
    asio::awaitable<void> blank_account(StoreTransaction& transaction, Attempt& attempt);

    postgres::Pool& pool_;
    ErasureSettings settings_;
    std::shared_ptr<const Tables> tables_;
};

}  // namespace chatear::deletion
