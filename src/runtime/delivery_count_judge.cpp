#include "runtime/delivery_count_judge.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "net/backoff.hpp"
#include "net/timer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::chrono::milliseconds first_repeat{250};
constexpr std::chrono::milliseconds longest_repeat{10'000};

/// The same row gives the same id, so that a repetition within the stream's window is one message.
std::string message_id(const OutboxRow& row) {
    return fmt::format(
        "{}:{}:{}:{}", row.subject, row.origin_subject, row.event_id, row.generation
    );
}

}  // namespace

asio::awaitable<ClaimReply> DeliveryCountJudge::claim(
    const Event& event,
    std::uint64_t /*claim_no*/,
    std::vector<std::optional<std::string>> /*details*/
) {
    ClaimReply reply;
    reply.answer = ClaimAnswer::granted;
    reply.attempts =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(event.message.delivered - 1, 1'000'000));
    co_return reply;
}

asio::awaitable<Settlement> DeliveryCountJudge::record(
    const Event& /*event*/,
    const Claim& /*claim*/,
    Verdict verdict,
    std::vector<std::optional<std::string>> /*details*/
) {
    Settlement settlement;
    if (!verdict.final()) {
        settlement.action = Settlement::Action::nak;
        settlement.delay = verdict.delay;
        co_return settlement;
    }
    for (OutboxRow& row : verdict.publish) {
        co_await bury(std::move(row));
    }
    co_return settlement;
}

asio::awaitable<void> DeliveryCountJudge::bury(OutboxRow dead_letter) {
    net::Backoff backoff(first_repeat, longest_repeat);
    nats::Message message;
    message.subject = dead_letter.subject;
    message.payload = dead_letter.payload;
    message.headers = dead_letter.headers;
    set_header(message.headers, "Nats-Msg-Id", message_id(dead_letter));
    while (true) {
        try {
            nats::Message copy = message;
            const nats::PublishResult published = co_await jetstream_.publish(std::move(copy));
            if (published) {
                co_return;
            }
            log::error(
                "a message was not taken by its stream; it is tried again",
                {{"subject", message.subject},
                 {"event_id", dead_letter.event_id},
                 {"reason", published.error().reason}}
            );
        } catch (const Unavailable& unavailable) {
            log::debug(
                "not published yet", {{"subject", message.subject}, {"reason", unavailable.why()}}
            );
        }
        co_await net::sleep_for(backoff.next());
    }
}

asio::awaitable<bool> DeliveryCountJudge::begin_content(const Event& /*event*/, Claim& /*claim*/) {
    co_return !gate_.closed();
}

asio::awaitable<std::uint32_t> DeliveryCountJudge::begin_alone(const Event& /*event*/) {
    co_return 0;
}

asio::awaitable<void> DeliveryCountJudge::end_alone(const Event& /*event*/) {
    co_return;
}

asio::awaitable<void> DeliveryCountJudge::stop() {
    co_return;
}

}  // namespace chatear::runtime
