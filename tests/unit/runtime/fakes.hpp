#pragma once

#include "base/error.hpp"
#include "net/notification.hpp"
#include "runtime/event_source.hpp"
#include "runtime/judge.hpp"
#include "runtime/registry.hpp"
#include "runtime/relay.hpp"

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {

/// Throws Unavailable while it is set.
struct Outage {
    std::string dependency;
    bool down = false;

    void check() const {
        if (down) {
            throw Unavailable(dependency, "test:1", "the test says so");
        }
    }
};

/// Deliveries that the test gives, and what became of them.
class FakeEventSource final : public EventSource {
public:
    explicit FakeEventSource(const asio::any_io_executor& executor) : changed_(executor) {}

    void give(std::string id, std::string payload, Headers headers = {}) {
        nats::JetStreamMessage message;
        message.message.subject = "test.event";
        message.message.payload = std::move(payload);
        message.message.headers = std::move(headers);
        if (!id.empty()) {
            message.message.headers.emplace_back("Chatear-Event-Id", id);
        }
        message.stream = "TEST";
        message.stream_seq = ++given_;
        message.delivered = 1;
        message.stored_at_ns = 1'700'000'000'000'000'000;
        message.ack.subject = id + "#" + std::to_string(given_);
        waiting_.push_back(std::move(message));
        changed_.notify_all();
    }

    void start() override {}
    void set_credit(std::size_t messages, std::size_t bytes) override {
        credit_ = messages;
        credit_bytes = bytes;
        changed_.notify_all();
    }
    asio::awaitable<std::vector<nats::JetStreamMessage>> receive() override {
        while (!drained_ && (waiting_.empty() || credit_ == 0 || credit_bytes == 0)) {
            co_await changed_.wait();
        }
        std::vector<nats::JetStreamMessage> messages;
        while (!drained_ && !waiting_.empty() && credit_ > 0) {
            messages.push_back(std::move(waiting_.front()));
            waiting_.pop_front();
            --credit_;
        }
        co_return messages;
    }
    void ack(const nats::AckToken& token) override { acked.push_back(token.subject); }
    void nak(const nats::AckToken& token, std::chrono::milliseconds delay) override {
        naked.emplace_back(token.subject, delay);
    }
    void in_progress(const nats::AckToken& token) override { kept.insert(token.subject); }
    void drain() override {
        drained_ = true;
        changed_.notify_all();
    }
    asio::awaitable<void> flush(std::chrono::milliseconds /*timeout*/) override { co_return; }
    asio::awaitable<void> stop() override { co_return; }
    std::string trouble() const override { return {}; }

    std::size_t waiting() const { return waiting_.size(); }

    std::vector<std::string> acked;
    std::vector<std::pair<std::string, std::chrono::milliseconds>> naked;
    std::set<std::string> kept;
    std::size_t credit_bytes = 0;

private:
    std::deque<nats::JetStreamMessage> waiting_;
    std::uint64_t given_ = 0;
    std::size_t credit_ = 0;
    bool drained_ = false;
    net::Notification changed_;
};

/// Grants every claim and keeps every verdict, unless told otherwise.
class FakeJudge final : public Judge {
public:
    struct Recorded {
        std::string event_id;
        std::uint64_t claim_no = 0;
        Verdict verdict;
    };

    asio::awaitable<ClaimReply> claim(
        const Event& event,
        std::uint64_t claim_no,
        std::vector<std::optional<std::string>> /*details*/
    ) override {
        claims.emplace_back(event.event_id, claim_no);
        if (on_claim) {
            co_return on_claim(event, claim_no);
        }
        ClaimReply reply;
        reply.answer = ClaimAnswer::granted;
        co_return reply;
    }
    asio::awaitable<Settlement> record(
        const Event& event,
        const Claim& claim,
        Verdict verdict,
        std::vector<std::optional<std::string>> /*details*/
    ) override {
        if (refusals > 0) {
            --refusals;
            throw std::runtime_error("PostgreSQL refuses a value");
        }
        recorded.push_back({event.event_id, claim.claim_no, std::move(verdict)});
        co_return settlement;
    }
    asio::awaitable<void> bury(OutboxRow dead_letter) override {
        buried.push_back(std::move(dead_letter));
        co_return;
    }
    asio::awaitable<bool> begin_content(const Event& /*event*/, Claim& /*claim*/) override {
        co_return true;
    }
    asio::awaitable<std::uint32_t> begin_alone(const Event& event) override {
        alone.push_back("begin " + event.event_id);
        co_return crashes_alone;
    }
    asio::awaitable<void> end_alone(const Event& event) override {
        alone.push_back("end " + event.event_id + " after " + std::to_string(recorded.size()));
        co_return;
    }
    asio::awaitable<void> stop() override { co_return; }

    std::function<ClaimReply(const Event&, std::uint64_t)> on_claim;
    Settlement settlement{};
    int refusals = 0;  ///< Of verdicts, for their values.
    std::uint32_t crashes_alone = 0;
    std::vector<std::pair<std::string, std::uint64_t>> claims;
    std::vector<Recorded> recorded;
    std::vector<OutboxRow> buried;
    std::vector<std::string> alone;
};

class FakePublisher final : public Publisher {
public:
    asio::awaitable<nats::PublishResult> publish(nats::Message message) override {
        published.push_back(message);
        co_return answer(message);
    }

    std::vector<nats::Message> published;
    std::function<nats::PublishResult(const nats::Message&)> answer = [](const auto&) {
        return nats::PublishReply{};
    };
};

class FakeRegistry final : public Registry {
public:
    explicit FakeRegistry(const asio::any_io_executor& executor) : changed(executor) {}

    asio::awaitable<void> renew() override { return note("renew"); }
    asio::awaitable<void> release() override { return note("release"); }
    asio::awaitable<void> declare_dead(std::vector<std::string> instances) override {
        std::string names;
        for (const std::string& instance : instances) {
            names += " " + instance;
        }
        return note("declare dead" + names);
    }
    asio::awaitable<void> remove_old() override { return note("remove old"); }

    Outage outage{"postgres"};
    net::Notification changed;
    std::vector<std::string> log;

private:
    asio::awaitable<void> note(std::string what) {
        log.push_back((outage.down ? "failed: " : "") + what);
        changed.notify_all();
        outage.check();
        co_return;
    }
};

}  // namespace chatear::runtime
