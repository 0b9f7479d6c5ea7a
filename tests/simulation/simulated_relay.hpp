#pragma once

#include "fault_plan.hpp"
#include "memory_database.hpp"
#include "notification/mail_transport.hpp"

#include <map>
#include <string>
#include <utility>

namespace chatear::simulation {

namespace asio = boost::asio;

/// How the relay is disposed.
enum class Mood { accepts, later, nobody, never, refuses_us, hangs_up, silent, mixed };

/// The mail server, which remembers what really happened to every recovery mail, and checks that
/// nobody gets more than two a UTC day. Addresses are "<user id>-<number>@...".
class SimulatedRelay final : public notification::MailTransport {
public:
    SimulatedRelay(MemoryDatabase& database, FaultPlan& faults)
        : database_(database), faults_(faults) {}

    asio::awaitable<smtp::SendResult> send(
        smtp::Envelope envelope, smtp::ContentSource content, smtp::BeforeContent before
    ) override;

    /// Whether, by the true time between the two, a mail to the address of this hash was accepted
    /// or refused as addressed to nobody.
    bool judged_between(const std::string& address_hash, Time from, Time to) const;

    Mood mood = Mood::accepts;

private:
    using Count = std::pair<std::string, std::string>;  // A user and a UTC day.

    smtp::SendResult answer(Mood now, const std::string& address);
    void count_content(const std::string& address, const std::string& day);

    MemoryDatabase& database_;
    FaultPlan& faults_;
    std::multimap<std::string, Time> judged_;  // By the address's hash; the true time.
    // Not refused, also those whose process died before it knew.
    std::map<Count, int> contents_;
};

}  // namespace chatear::simulation
