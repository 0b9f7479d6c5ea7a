#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>

namespace chatear::deletion {

namespace asio = boost::asio;

/// The daily counters under the original's names, which other systems may count in too. PostgreSQL
/// is the judge (rule 9); they can only forbid. Throws Unavailable("redis"): then nothing may
/// happen. Over Redis: `RedisDailyLimits`.
class DailyLimits {
public:
    virtual ~DailyLimits() = default;

    /// Counts an execution in `global:deletion:count:<day>`, once for each deletion, after raising
    /// the counter to `known` (PostgreSQL's count) where it is below. False = over `limit`, not
    /// counted.
    virtual asio::awaitable<bool> count_execution(
        std::string day, std::string deletion_id, int known, int limit
    ) = 0;

    /// It surely did not happen (held, failed, not due, no slot): its place is free again. Whoever
    /// does not know leaves it counted.
    virtual asio::awaitable<void> uncount_execution(std::string day, std::string deletion_id) = 0;

    /// As count_execution() for a recovery mail, in `user:email:count:<user>:<day>`; `holder` is
    /// counted once.
    virtual asio::awaitable<bool> count_mail(
        std::string user_id, std::string day, std::string holder, int known, int limit
    ) = 0;
};

}  // namespace chatear::deletion
