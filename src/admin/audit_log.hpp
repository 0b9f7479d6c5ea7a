#pragma once

#include "base/clock.hpp"
#include "deletion/audit_pager.hpp"
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

/// The audit log as operators see it. Throws Unavailable; an SQL error of list() ends the command.
class AuditLog {
public:
    /// The pool must outlive it.
    explicit AuditLog(postgres::Pool& pool) : pool_(pool), pager_(pool) {}

    /// Latest first, those from before the chain last.
    asio::awaitable<boost::json::array> list(AuditFilter filter);

    /// The next rows of the whole, oldest first, those from before the chain in front; as lines of
    /// JSON, each value as it is hashed. Empty = that was all.
    asio::awaitable<boost::json::array> next();

private:
    asio::awaitable<boost::json::array> select(std::string statement, postgres::Params params);

    postgres::Pool& pool_;
    deletion::AuditPager pager_;
    bool adopted_done_ = false;
};

}  // namespace chatear::admin
