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
/// for 30 s or is marked released. Everything throws Unavailable("postgres").
class Registry {
public:
    virtual ~Registry() = default;

    /// Writes our row, or renews it: renewed_at = now(); renewed_since starts anew after a gap of
    /// more than 15 s between two renewals. One statement, good as a new connection's first.
    virtual asio::awaitable<void> renew() = 0;

    /// Marks processes as ended in good order, so that their claims can be taken over at once.
    virtual asio::awaitable<void> release(std::vector<std::string> instances) = 0;

    /// Removes rows of processes that ended, or died, more than a day ago and hold no claim.
    virtual asio::awaitable<void> remove_old() = 0;
};

}  // namespace chatear::runtime
