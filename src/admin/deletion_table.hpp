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

struct DeletionFilter {
    std::optional<std::string> status;
    std::optional<std::string> user_id;  ///< The whole id.
    std::optional<Time> since;           ///< Asked for at this time or later.
    bool due = false;                    ///< Scheduled, and its time has come.
    std::int64_t limit = 100;
};

/// Deletions as operators see them. Throws Unavailable; an SQL error ends the command.
class DeletionTable {
public:
    explicit DeletionTable(postgres::Pool* pool) : pool_(pool) {}

    /// Latest request first; those that are due in the order in which they are executed.
    asio::awaitable<boost::json::array> list(DeletionFilter filter);

    /// Every column of one, with its account, mails, requests and audit rows.
    asio::awaitable<std::optional<boost::json::object>> find(std::string id);

private:
    postgres::Pool* pool_;
};

}  // namespace chatear::admin
