#pragma once

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <string>

namespace chatear::runtime {

namespace asio = boost::asio;

/// The table `suspects`: events that run alone because processes died with them in hand (rule 19).
/// Over PostgreSQL: `PostgresSuspects(postgres::Pool&, Identity)`.
/// Everything throws Unavailable("postgres").
class Suspects {
public:
    virtual ~Suspects() = default;

    /// Notes that the event is about to run alone in our process; how many processes have died
    /// while it ran alone (a row that another instance left behind is one more crash).
    virtual asio::awaitable<std::uint32_t> begin(std::string subject, std::string event_id) = 0;

    /// A verdict stands: the row goes, and its count with it. (An orderly stop removes the rows of
    /// its instance: Registry::release.)
    virtual asio::awaitable<void> clear(std::string subject, std::string event_id) = 0;
};

}  // namespace chatear::runtime
