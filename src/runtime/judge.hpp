#pragma once

#include "runtime/event.hpp"
#include "runtime/flight_book.hpp"
#include "runtime/ledger.hpp"
#include "runtime/verdict.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// What becomes of the delivery that a verdict was about.
struct Settlement {
    enum class Action {
        ack,
        nak,   ///< Deliver it again after `delay`.
        drop,  ///< Neither: whoever holds the claim decides (rule 10).
    };
    Action action = Action::ack;
    std::chrono::milliseconds delay{};
};

/// A claim as one handler holds it.
struct Claim {
    std::string event_id;
    std::uint32_t generation = 0;
    std::uint64_t claim_no = 0;
    std::uint64_t lease_number = 0;  ///< Of the ContentGate when it was made.
    ClaimReply reply;
    std::optional<FlightBook::Place> flight{};  ///< From its content on, until its verdict stands.
    bool several_contents = false;              ///< What is said of the last is not said of all.
};

/// Who may work on an event, and where its verdict goes: a ledger in PostgreSQL, or, for a worker
/// without one, JetStream's own count of deliveries (rule 17).
class Judge {
public:
    virtual ~Judge() = default;

    /// Throws Unavailable. The same claim number again gets the same answer.
    virtual asio::awaitable<ClaimReply> claim(
        const Event& event, std::uint64_t claim_no, std::vector<std::optional<std::string>> details
    ) = 0;

    /// Returns when it stands: an outage of the database is waited out in here (rule 12).
    virtual asio::awaitable<Settlement> record(
        const Event& event,
        const Claim& claim,
        Verdict verdict,
        std::vector<std::optional<std::string>> details
    ) = 0;

    /// The dead letter of an event that got no claim; returns when it stands.
    virtual asio::awaitable<void> bury(OutboxRow dead_letter) = 0;

    /// Asked right before what cannot be taken back begins (rules 7, 12, 13); false = it must not.
    virtual asio::awaitable<bool> begin_content(const Event& event, Claim& claim) = 0;

    /// The same where nothing has to be waited for; else nothing, and begin_content() is asked.
    virtual std::optional<bool> begin_content_at_once(const Event& /*event*/, Claim& /*claim*/) {
        return std::nullopt;
    }

    /// It is known what became of a content that begin_content() let go: the other side took it,
    /// with these words, or surely did not. Survives this process from here on; never waits.
    /// `recipient`: to whom, where the ledger's row may name another than this try's. A judge that
    /// keeps no flight recorder has nothing to do.
    virtual void content_answered(
        Claim& /*claim*/,
        bool /*accepted*/,
        std::string_view /*words*/,
        std::string_view /*recipient*/ = {}
    ) {}

    /// Rule 19: how often processes died while this event ran alone.
    virtual asio::awaitable<std::uint32_t> begin_alone(const Event& event) = 0;
    /// Its verdict stands. Waits out an outage, as record() does.
    virtual asio::awaitable<void> end_alone(const Event& event) = 0;

    /// Ends what it runs itself; nothing may be asked of it any more.
    virtual asio::awaitable<void> stop() = 0;
};

}  // namespace chatear::runtime
