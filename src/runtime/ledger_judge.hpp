#pragma once

#include "runtime/coalescer.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/judge.hpp"
#include "runtime/outbox.hpp"
#include "runtime/suspects.hpp"

namespace chatear::runtime {

/// The judge over a ledger: every claim and verdict of one turn of the loop leaves as one
/// statement.
class LedgerJudge final : public Judge {
public:
    static constexpr std::size_t most_in_a_batch = 512;

    /// `notes_content`: commit content_at before each content (MAIL_ON_AMBIGUITY=hold), not only
    /// where a lease has run out since the claim. `flights`: what tells a successor of contents
    /// under way; null = nothing does.
    LedgerJudge(
        const asio::any_io_executor& executor,
        Ledger& ledger,
        Outbox& outbox,
        Suspects& suspects,
        ContentGate& gate,
        bool notes_content,
        FlightBook* flights = nullptr
    );

    asio::awaitable<ClaimReply> claim(
        const Event& event, std::uint64_t claim_no, std::vector<std::optional<std::string>> details
    ) override;
    asio::awaitable<Settlement> record(
        const Event& event,
        const Claim& claim,
        Verdict verdict,
        std::vector<std::optional<std::string>> details
    ) override;
    asio::awaitable<void> bury(OutboxRow dead_letter) override;
    asio::awaitable<bool> begin_content(const Event& event, Claim& claim) override;
    std::optional<bool> begin_content_at_once(const Event& event, Claim& claim) override;
    void content_answered(
        Claim& claim, bool accepted, std::string_view words, std::string_view recipient = {}
    ) override;
    asio::awaitable<std::uint32_t> begin_alone(const Event& event) override;
    asio::awaitable<void> end_alone(const Event& event) override;

    asio::awaitable<void> stop() override;

private:
    bool may_begin() const;
    bool let_go(const Event& event, Claim& claim);
    asio::awaitable<bool> note_content(const Event& event, const Claim& claim);

    Suspects& suspects_;
    ContentGate& gate_;
    bool notes_content_;
    FlightBook* flights_;
    Coalescer<ClaimRequest, ClaimReply> claims_;
    Coalescer<VerdictRequest, bool> verdicts_;
    Coalescer<Ledger::ContentRequest, bool> contents_;
    Coalescer<OutboxRow, bool> burials_;
};

}  // namespace chatear::runtime
