#pragma once

#include "base/clock.hpp"
#include "postgres/pool.hpp"

#include <boost/asio/awaitable.hpp>

#include <optional>
#include <string>

namespace chatear::deletion {

namespace asio = boost::asio;

/// What a moment is called where a user lives. Over PostgreSQL, which knows every zone: the
/// standard library of g++ 12 knows none.
class LocalTimes {
public:
    virtual ~LocalTimes() = default;

    /// "2026-11-26 09:00", rounded down; nothing where there is no such zone. Throws
    /// Unavailable("postgres").
    virtual asio::awaitable<std::optional<std::string>> minute_in(
        Time time, std::string time_zone
    ) = 0;
};

class PostgresLocalTimes final : public LocalTimes {
public:
    explicit PostgresLocalTimes(postgres::Pool& pool) : pool_(pool) {}

    asio::awaitable<std::optional<std::string>> minute_in(Time time, std::string time_zone)
        override;

private:
    postgres::Pool& pool_;
};

}  // namespace chatear::deletion
