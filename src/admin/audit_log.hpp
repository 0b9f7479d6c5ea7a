#pragma once

#include "base/clock.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/json.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace chatear::admin {

namespace asio = boost::asio;

struct AuditFilter {
    std::optional<std::string> user_id;
    std::optional<std::string> action;       ///< A whole word, or the part before its dot.
    std::optional<std::string> deletion_id;  ///< As it stands in `meta`.
    std::optional<Time> since;
    std::int64_t limit = 100;
};

/// The audit log as operators see it. Throws Unavailable; an SQL error ends the command.
class AuditLog {
public:
    static constexpr std::size_t batch_rows = 10'000;

    explicit AuditLog(postgres::Pool* pool) : pool_(pool) {}

    /// Latest first.
    asio::awaitable<boost::json::array> list(AuditFilter filter);

    /// The next rows of the whole, oldest first, those from before the chain in front; as lines of
    /// JSON. Empty = that was all.
    asio::awaitable<boost::json::array> next();

private:
    asio::awaitable<boost::json::array> next_adopted();
    asio::awaitable<boost::json::array> next_linked();

    postgres::Pool* pool_;
    bool adopted_done_ = false;
    std::optional<std::string> last_adopted_;  // Its id.
    std::int64_t last_linked_ = 0;             // Its chain_seq.
};

}  // namespace chatear::admin
