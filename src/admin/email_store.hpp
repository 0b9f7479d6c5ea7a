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

struct EmailFilter {
    std::optional<std::string> status;
    std::optional<std::string> recipient;  ///< Part of the address, in either case.
    std::optional<std::string> template_name;
    std::optional<Time> since;  ///< Changed at this time or later.
    std::int64_t limit = 100;
};

/// The table `email_sends` as operators see it. Throws Unavailable; an SQL error ends the command.
class EmailStore {
public:
    explicit EmailStore(postgres::Pool* pool) : pool_(pool) {}

    /// Latest change first.
    asio::awaitable<boost::json::array> list(EmailFilter filter);

    /// Every column of one e-mail, who holds it, and its rows in `suspects`.
    asio::awaitable<std::optional<boost::json::object>> find(std::string event_id);

private:
    postgres::Pool* pool_;
};

}  // namespace chatear::admin
