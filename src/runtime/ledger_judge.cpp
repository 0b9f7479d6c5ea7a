#include "runtime/ledger_judge.hpp"

#include "base/crash_point.hpp"
#include "base/log.hpp"
#include "net/backoff.hpp"
#include "net/timer.hpp"

#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::chrono::milliseconds first_repeat{100};
constexpr std::chrono::milliseconds longest_repeat{2'000};

// Of PostgreSQL's CPU time a statement costs as much as about 15 of its rows. (Measured.)
constexpr Patience patience{128, std::chrono::milliseconds(5)};

asio::awaitable<std::vector<bool>> add_rows(Outbox& outbox, std::vector<OutboxRow> rows) {
    const std::size_t count = rows.size();
    co_await outbox.add(std::move(rows));
    co_return std::vector<bool>(count, true);
}

/// Calls until the database has answered.
template <typename Request, typename Reply>
asio::awaitable<Reply> persist(Coalescer<Request, Reply>& coalescer, Request request) {
    net::Backoff backoff(first_repeat, longest_repeat);
    while (true) {
        try {
            co_return co_await coalescer.call(request);
        } catch (const Unavailable&) {
            // Said once for all by the pool.
        }
        co_await net::sleep_for(backoff.next());
    }
}

ClaimRequest claim_request(
    const Event& event, std::uint64_t claim_no, std::vector<std::optional<std::string>> details
) {
    ClaimRequest request;
    request.subject = event.message.subject;
    request.event_id = event.event_id;
    request.generation = event.generation;
    request.claim_no = claim_no;
    request.content_sha256 = event.content_sha256;
    request.published_at = event.published_at;
    request.details = std::move(details);
    return request;
}

}  // namespace

LedgerJudge::LedgerJudge(
    const asio::any_io_executor& executor,
    Ledger& ledger,
    Outbox& outbox,
    Suspects& suspects,
    ContentGate& gate,
    bool notes_content,
    FlightBook* flights
)
    : suspects_(suspects),
      gate_(gate),
      notes_content_(notes_content),
      flights_(flights),
      claims_(
          executor,
          "claims",
          most_in_a_batch,
          [&ledger](auto batch) { return ledger.claim(std::move(batch)); },
          patience
      ),
      verdicts_(
          executor,
          "verdicts",
          most_in_a_batch,
          [&ledger](auto batch) { return ledger.record(std::move(batch)); },
          patience
      ),
      contents_(
          executor,
          "contents",
          most_in_a_batch,
          [&ledger](auto batch) { return ledger.begin_content(std::move(batch)); }
      ),
      burials_(executor, "burials", most_in_a_batch, [&outbox](auto batch) {
          return add_rows(outbox, std::move(batch));
      }) {}

asio::awaitable<ClaimReply> LedgerJudge::claim(
    const Event& event, std::uint64_t claim_no, std::vector<std::optional<std::string>> details
) {
    ClaimRequest request = claim_request(event, claim_no, std::move(details));
    const ClaimReply reply = co_await claims_.call(std::move(request));
    crash_point("after-claim");
    co_return reply;
}

asio::awaitable<Settlement> LedgerJudge::record(
    const Event& event,
    const Claim& claim,
    Verdict verdict,
    std::vector<std::optional<std::string>> details
) {
    VerdictRequest request;
    request.subject = event.message.subject;
    request.event_id = claim.event_id;
    request.generation = claim.generation;
    request.claim_no = claim.claim_no;
    request.status = verdict.status;
    request.counts_attempt = verdict.counts_attempt;
    request.reason = std::move(verdict.reason);
    request.details = std::move(details);
    request.publish = std::move(verdict.publish);
    const ContentGate::Waiting waiting(gate_);
    crash_point("before-record");
    const bool stands = co_await persist(verdicts_, std::move(request));
    if (claim.flight) {
        flights_->end(*claim.flight);
    }
    crash_point("after-record");
    Settlement settlement;
    settlement.action = stands ? Settlement::Action::ack : Settlement::Action::drop;
    co_return settlement;
}

asio::awaitable<void> LedgerJudge::bury(OutboxRow dead_letter) {
    (void)co_await persist(burials_, std::move(dead_letter));
}

asio::awaitable<bool> LedgerJudge::begin_content(const Event& event, Claim& claim) {
    const std::optional<bool> at_once = begin_content_at_once(event, claim);
    if (at_once) {
        co_return *at_once;
    }
    const std::uint64_t lease_number = gate_.lease_number();
    const bool ours = co_await note_content(event, claim);
    if (!ours) {
        co_return false;
    }
    claim.lease_number = lease_number;
    // All may have changed meanwhile: a lease that ran out and was renewed may have cost the claim.
    co_return may_begin() && lease_number == gate_.lease_number() && let_go(event, claim);
}

std::optional<bool> LedgerJudge::begin_content_at_once(const Event& event, Claim& claim) {
    if (!may_begin()) {
        return false;
    }
    if (notes_content_ || claim.lease_number != gate_.lease_number()) {
        return std::nullopt;  // First the ledger.
    }
    return let_go(event, claim);
}

/// From here on it may have left; a successor is told so.
bool LedgerJudge::let_go(const Event& event, Claim& claim) {
    crash_point("before-content");
    const bool is_first = !claim.flight;
    if (flights_ != nullptr && is_first) {
        claim.flight = flights_->begin(
            event.message.subject, claim.event_id, claim.generation, claim.claim_no
        );
    }
    if (!is_first) {
        claim.several_contents = true;
        flights_->begin_again(*claim.flight);
    }
    crash_point("content-begun");
    return true;
}

void LedgerJudge::content_answered(
    Claim& claim, bool accepted, std::string_view words, std::string_view recipient
) {
    if (!claim.flight) {
        return;
    }
    if (accepted) {
        flights_->accept(*claim.flight, words, recipient);
        crash_point("after-250");
    } else if (!claim.several_contents) {
        flights_->end(*claim.flight);
        claim.flight.reset();
    }
}

bool LedgerJudge::may_begin() const {
    return !gate_.closed() && gate_.verdicts_flow() && gate_.lease_fresh();
}

/// Whether the claim is still ours. After a lease that ran out another process may have taken it
/// (rule 7); to claim again would take it back from one that died with the content under way.
asio::awaitable<bool> LedgerJudge::note_content(const Event& event, const Claim& claim) {
    Ledger::ContentRequest request;
    request.subject = event.message.subject;
    request.event_id = claim.event_id;
    request.generation = claim.generation;
    request.claim_no = claim.claim_no;
    co_return co_await contents_.call(std::move(request));
}

asio::awaitable<std::uint32_t> LedgerJudge::begin_alone(const Event& event) {
    co_return co_await suspects_.begin(event.message.subject, event.event_id);
}

asio::awaitable<void> LedgerJudge::end_alone(const Event& event) {
    net::Backoff backoff(first_repeat, longest_repeat);
    while (true) {
        try {
            co_await suspects_.clear(event.message.subject, event.event_id);
            co_return;
        } catch (const Unavailable&) {
            // Said once for all by the pool.
        }
        co_await net::sleep_for(backoff.next());
    }
}

asio::awaitable<void> LedgerJudge::stop() {
    co_await claims_.stop();
    co_await verdicts_.stop();
    co_await contents_.stop();
    co_await burials_.stop();
}

}  // namespace chatear::runtime
