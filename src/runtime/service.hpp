#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Something that handlers use and that the worker starts, watches for /readyz and stops: a
/// connection to Redis, a pool of SMTP sessions.
class Service {
public:
    virtual ~Service() = default;

    virtual std::string name() const = 0;  ///< As in Unavailable: "redis", "smtp".
    virtual void start() = 0;

    /// Called when no handler begins anything new. What is under way has until `limit`; whatever is
    /// unanswered then must be given to its handler as a result (unknown), not be dropped.
    virtual asio::awaitable<void> stop(std::chrono::milliseconds limit) = 0;

    virtual bool available() const = 0;

    /// Why it is not available; for people.
    virtual std::string trouble() const = 0;
};

}  // namespace chatear::runtime
