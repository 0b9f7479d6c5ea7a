#pragma once

#include "base/clock.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace chatear::notification {

namespace asio = boost::asio;

/// Asks whether one e-mail may go to `recipient` now.
struct LimitRequest {
    std::string event_id;
    int attempts = 0;  ///< Counted ones so far. With event_id it names one wish to send: asking
                       ///< again for the same gives the same slot.
    std::string recipient;  ///< The address.
    std::string domain;     ///< The part behind its '@'.
};

struct LimitReply {
    bool allowed = true;
    Time until{};  ///< The slot kept for this very request, by the clock of who keeps them.
    std::chrono::milliseconds wait{};  ///< When refused: from now until then. Come back after it.
    std::string reason;                ///< When refused: which limit, for a person.
};

/// How many e-mails a recipient and a domain get in a period (rule 21).
class Limits {
public:
    virtual ~Limits() = default;

    /// A reply a request, in their order. Throws Unavailable when that cannot be known: then
    /// nothing may be sent.
    virtual asio::awaitable<std::vector<LimitReply>> check(std::vector<LimitRequest> requests) = 0;
};

}  // namespace chatear::notification
