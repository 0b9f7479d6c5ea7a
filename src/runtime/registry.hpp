#pragma once

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Who this process is: one row of `workers`, and the `claimed_by` of its claims (rules 6, 7).
struct Identity {
    std::string instance;  ///< A random uuid, made at start.
    std::string worker;    ///< "notification-worker"
    std::string host;
};

/// The table `workers`: which processes live. A holder of claims is dead when it has not renewed
/// for 30 s (which the taker may only believe when it has itself renewed without a gap for 30 s),
/// or when it was declared dead (`renewed_at` = -infinity: known at once). One that is marked
/// released ended in good order. Everything throws Unavailable("postgres"). Over PostgreSQL:
/// `PostgresRegistry(postgres::Pool&, Identity)`.
class Registry {
public:
    virtual ~Registry() = default;

    /// Writes our row, or renews it: renewed_at = now(); renewed_since starts anew after a gap of
    /// more than 15 s between two renewals. One statement, good as a new connection's first.
    virtual asio::awaitable<void> renew() = 0;

    /// We end in good order: `released_at` is set, so that our claims can be taken over at once and
    /// count as nobody's crash (rule 19), and our rows in `suspects` go.
    virtual asio::awaitable<void> release() = 0;

    /// Processes that are known to have died, because we hold the lock that they held: their claims
    /// can be taken over at once, and count as takeovers from the dead.
    virtual asio::awaitable<void> declare_dead(std::vector<std::string> instances) = 0;

    /// Removes rows of processes that ended, or died, more than a day ago and hold no claim; and
    /// rows of `suspects` whose event nobody works on any more.
    virtual asio::awaitable<void> remove_old() = 0;
};

}  // namespace chatear::runtime
