#pragma once

#include "nats/jetstream.hpp"
#include "runtime/content_gate.hpp"
#include "runtime/judge.hpp"

namespace chatear::runtime {

/// The judge of a worker without PostgreSQL (rule 17): attempts are JetStream's deliveries (so a
/// deploy counts too), waiting is a delayed NAK, dead letters and domain events go straight to
/// their streams. Nothing tells one event published twice from two events beyond JetStream's own
/// window.
class DeliveryCountJudge final : public Judge {
public:
    DeliveryCountJudge(nats::Connection& connection, const ContentGate& gate)
        : jetstream_(connection), gate_(gate) {}

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
    asio::awaitable<std::uint32_t> begin_alone(const Event& event) override;
    asio::awaitable<void> end_alone(const Event& event) override;
    asio::awaitable<void> stop() override;

private:
    asio::awaitable<bool> publish(OutboxRow row, std::string id);

    nats::JetStream jetstream_;
    const ContentGate& gate_;
};

}  // namespace chatear::runtime
