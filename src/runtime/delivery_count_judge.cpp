#include "runtime/delivery_count_judge.hpp"

#include "base/digest.hpp"
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
constexpr std::chrono::minutes refused_again{10};
constexpr std::uint64_t most_deliveries = 1'000'000;

/// A repetition for the same delivery is one message within the stream's window. An event id alone
/// does not say that: nothing here keeps an id from being published twice, with two contents.
std::string message_id(const OutboxRow& row, const std::string& place) {
    return fmt::format(
        "{}:{}:{}", row.subject, place, to_hex(sha256(row.event_id + ' ' + row.payload))
    );
}

std::string place_of(const StoredMessage& message) {
    return fmt::format("{}:{}:{}", message.stream, message.stream_sequence, message.stored_at_ns);
}

}  // namespace

asio::awaitable<ClaimReply> DeliveryCountJudge::claim(
    const Event& event,
    std::uint64_t /*claim_no*/,
    std::vector<std::optional<std::string>> /*details*/
) {
    ClaimReply reply;
    reply.answer = ClaimAnswer::granted;
    const std::uint64_t delivered =
        std::clamp<std::uint64_t>(event.message.delivered, 1, most_deliveries);
    reply.attempts = static_cast<std::uint32_t>(delivered - 1);
    co_return reply;
}

asio::awaitable<Settlement> DeliveryCountJudge::record(
    const Event& event,
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
        const bool dead_letter = row.kind == OutboxKind::dead_letter;
        std::string id = message_id(row, place_of(event.message));
        const bool published = co_await publish(std::move(row), std::move(id));
        if (!published && dead_letter) {
            // Nobody else has it: it stays in its stream until somebody makes room for it.
            settlement.action = Settlement::Action::nak;
            settlement.delay = refused_again;
            break;
        }
    }
    co_return settlement;
}

asio::awaitable<void> DeliveryCountJudge::bury(OutboxRow dead_letter) {
    std::string id = message_id(dead_letter, dead_letter.origin_subject);
    (void)co_await publish(std::move(dead_letter), std::move(id));
}

/// Waits out an outage; false when JetStream refuses it for its own sake.
asio::awaitable<bool> DeliveryCountJudge::publish(OutboxRow row, std::string id) {
    net::Backoff backoff(first_repeat, longest_repeat);
    nats::Message message;
    message.subject = std::move(row.subject);
    message.payload = std::move(row.payload);
    message.headers = std::move(row.headers);
    set_header(message.headers, "Nats-Msg-Id", std::move(id));
    while (true) {
        try {
            nats::Message copy = message;
            const nats::PublishResult published = co_await jetstream_.publish(std::move(copy));
            if (published) {
                co_return true;
            }
            log::error(
                "a message was not taken by its stream",
                {{"subject", message.subject},
                 {"event_id", row.event_id},
                 {"reason", published.error().reason}}
            );
            if (published.error().kind == nats::PublishError::Kind::refused) {
                co_return false;
            }
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
