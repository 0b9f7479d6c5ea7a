#pragma once

#include "runtime/ledger.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace chatear::runtime {

namespace asio = boost::asio;

/// Work that a worker does of its own accord beside handling events: a scheduler. It lives as a
/// Consumer does.
class Task {
public:
    virtual ~Task() = default;

    virtual std::string name() const = 0;

    /// Before start(), with tables and connections there. Throws std::runtime_error for what
    /// waiting cannot mend: the worker ends; Unavailable: it is asked again.
    virtual asio::awaitable<void> prepare() { co_return; }

    /// Tables, streams and connections are prepared: begin.
    virtual void start() = 0;

    /// The process stops: begin nothing new.
    virtual void drain() = 0;

    /// Returns when nothing is under way, or after `limit`; whether nothing was left. Asked twice:
    /// before services (Service::stop) give what is unanswered its result, and after.
    virtual asio::awaitable<bool> emptied(std::chrono::milliseconds limit) = 0;

    /// Ends what is left.
    virtual asio::awaitable<void> stop() = 0;

    /// After stop(): whether a content had begun whose verdict does not stand.
    virtual bool content_in_hand() const = 0;

    /// The ledgers that it writes itself, for what flight recorders of dead processes say.
    virtual std::vector<Ledger*> ledgers() { return {}; }

    /// Why it does not work as it should, for /readyz; empty when all is well.
    virtual std::string trouble() const = 0;
};

}  // namespace chatear::runtime
