#pragma once

#include "fault_plan.hpp"
#include "memory_database.hpp"
#include "runtime/judge.hpp"

#include <set>
#include <string>

namespace chatear::simulation {

namespace asio = boost::asio;

/// The ledger of recovery mails, as one process sees it: claims of processes that died are taken
/// over, verdicts stand only for who has the claim. Decides as the statements of PostgresLedger do.
class MemoryMailJudge final : public runtime::Judge {
public:
    /// `living`: the processes whose claims nobody may take. `notes_content`: a content that was
    /// not noted has surely not left.
    MemoryMailJudge(
        MemoryDatabase& database,
        FaultPlan& faults,
        std::string process,
        const std::set<std::string>& living,
        bool notes_content
    )
        : database_(database),
          faults_(faults),
          process_(std::move(process)),
          living_(living),
          notes_content_(notes_content) {}

    asio::awaitable<runtime::ClaimReply> claim(
        const runtime::Event& event,
        std::uint64_t claim_no,
        std::vector<std::optional<std::string>> details
    ) override;
    asio::awaitable<runtime::Settlement> record(
        const runtime::Event& event,
        const runtime::Claim& claim,
        runtime::Verdict verdict,
        std::vector<std::optional<std::string>> details
    ) override;
    asio::awaitable<bool> begin_content(const runtime::Event& event, runtime::Claim& claim)
        override;

    asio::awaitable<void> bury(runtime::OutboxRow /*dead_letter*/) override { co_return; }
    asio::awaitable<std::uint32_t> begin_alone(const runtime::Event& /*event*/) override {
        co_return 0;
    }
    asio::awaitable<void> end_alone(const runtime::Event& /*event*/) override { co_return; }
    asio::awaitable<void> stop() override { co_return; }

private:
    using MailRow = MemoryDatabase::MailRow;

    bool is_ours(const MailRow& row, std::uint64_t claim_no) const {
        return row.claimed_by == process_ && row.claim_no == claim_no;
    }
    /// Whether the row, which stands already, becomes that of this claim.
    bool takes(MailRow& row, const runtime::Event& event) const;
    runtime::ClaimReply reply_from(
        const MailRow& row, const runtime::Event& event, std::uint64_t claim_no
    ) const;

    MemoryDatabase& database_;
    FaultPlan& faults_;
    std::string process_;
    const std::set<std::string>& living_;
    const bool notes_content_;
};

}  // namespace chatear::simulation
