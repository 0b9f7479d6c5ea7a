#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "deletion/erasure.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace chatear::deletion {

namespace asio = boost::asio;

/// What is personal of deleted accounts, as far as ErasurePass needs it. Every call may throw
/// Unavailable. Over PostgreSQL: `PostgresErasure`.
class ErasureStore {
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

    virtual ~ErasureStore() = default;

    /// Reads what the columns of `users` are; before the calls below, and again after some time.
    /// An Error: columns that cannot be blanked, with the remedy.
    virtual asio::awaitable<Result<void>> prepare() = 0;

    /// Behind `behind` (nothing = from the first), oldest execution first.
    virtual asio::awaitable<std::vector<Due>> due(std::optional<Due> behind, std::size_t most) = 0;

    /// One deletion, in one transaction with its audit row; what was erased is so once. Where the
    /// account is in use again, nothing is touched. What is in the way of this one alone is in the
    /// answer, so that those behind it go on.
    virtual asio::awaitable<Erasure> erase(std::string deletion_id, Mode mode) = 0;
};

}  // namespace chatear::deletion
