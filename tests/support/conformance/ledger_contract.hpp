#pragma once

#include "runtime/ledger.hpp"
#include "runtime/outbox.hpp"
#include "runtime/registry.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// What every `Ledger` does, the one over PostgreSQL and the one in memory, together with the
/// `Registry` that says whose claims are dead.
namespace chatear::conformance {

namespace asio = boost::asio;

using namespace std::chrono_literals;

class LedgerWorld {
public:
    virtual ~LedgerWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;

    /// Of the process with this name, which has renewed its row once.
    virtual runtime::Ledger& ledger(const std::string& process) = 0;
    virtual runtime::Registry& registry(const std::string& process) = 0;

    /// What waits in the outbox: "kind event/generation", sorted.
    virtual std::vector<std::string> outbox() = 0;

    /// As if the process had last renewed so long ago.
    virtual void last_renewed(const std::string& process, std::chrono::seconds ago) = 0;
    /// As if it had renewed just now, and without a gap for so long.
    virtual void renewing_for(const std::string& process, std::chrono::seconds since) = 0;
};

/// `keeps_content_at` is the table's.
using MakeLedgerWorld = std::unique_ptr<LedgerWorld> (*)(bool keeps_content_at);

inline constexpr std::chrono::hours ledger_retention{90 * 24};

/// Calls without coroutines, about events of `order.paid`.
class LedgerContract : public testing::TestWithParam<MakeLedgerWorld> {
protected:
    /// With a table that keeps content_at, or (unless asked for) without.
    LedgerWorld& world(bool keeps_content_at = false);

    static runtime::ClaimRequest claim_of(
        const std::string& event_id, std::uint32_t generation = 0, std::uint64_t claim_no = 1
    );
    static runtime::VerdictRequest verdict_on(
        const std::string& event_id,
        runtime::LedgerStatus status,
        std::uint32_t generation = 0,
        std::uint64_t claim_no = 1
    );
    static runtime::OutboxRow row_of(
        const std::string& event_id,
        std::uint32_t generation,
        runtime::OutboxKind kind = runtime::OutboxKind::event
    );

    runtime::ClaimReply reply(const std::string& process, runtime::ClaimRequest request);
    /// The answer of reply() in words.
    std::string claim(const std::string& process, const runtime::ClaimRequest& request);
    bool record(const std::string& process, runtime::VerdictRequest verdict);
    std::vector<bool> record_all(
        const std::string& process, std::vector<runtime::VerdictRequest> verdicts
    );
    std::vector<bool> begin_content(
        const std::string& process, std::vector<runtime::Ledger::ContentRequest> contents
    );
    /// What the flight recorder of `dead` says, told by `process`: the first of the pairs is an
    /// event with the claim 0/1 whose content had begun, the second whether it was accepted.
    void speak_for(
        const std::string& process,
        const std::string& dead,
        const std::vector<std::pair<std::string, bool>>& contents,
        bool complete = true
    );
    void release(const std::string& process);
    void declare_dead(const std::string& by, const std::string& process);

private:
    std::unique_ptr<LedgerWorld> world_;
};

}  // namespace chatear::conformance
