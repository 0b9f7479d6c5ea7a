#pragma once

#include "base/error.hpp"
#include "net/notification.hpp"
#include "runtime/event_source.hpp"
#include "runtime/judge.hpp"
#include "runtime/outbox.hpp"
#include "runtime/registry.hpp"
#include "runtime/relay.hpp"
#include "runtime/suspects.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
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
        while (!drained_ && (waiting_.empty() || credit_ == 0)) {
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

/// Rows in memory, due at once; what was taken is not given again until it was put back.
class FakeOutbox final : public Outbox {
public:
    explicit FakeOutbox(const asio::any_io_executor& executor) : changed(executor) {}

    void give(std::string id, std::string subject, std::optional<OutboxKind> kind = std::nullopt) {
        TakenRow row;
        row.id = id;
        row.kind = kind;
        row.subject = std::move(subject);
        row.payload = "payload of " + id;
        row.origin_subject = "origin";
        row.event_id = "event of " + id;
        row.generation = 2;
        rows[id] = std::move(row);
        due.insert(id);
    }

    asio::awaitable<void> add(std::vector<OutboxRow> more) override {
        outage.check();
        for (OutboxRow& row : more) {
            added.push_back(std::move(row));
        }
        co_return;
    }
    asio::awaitable<std::vector<TakenRow>> take(
        std::size_t most, std::chrono::milliseconds lease, std::vector<std::string> skip
    ) override {
        outage.check();
        last_lease = lease;
        skipped = skip;
        std::vector<TakenRow> taken;
        for (auto id = due.begin(); id != due.end() && taken.size() < most;) {
            const TakenRow& row = rows.at(*id);
            if (std::find(skip.begin(), skip.end(), row.subject) != skip.end()) {
                ++id;
                continue;
            }
            taken.push_back(row);
            id = due.erase(id);
        }
        co_return taken;
    }
    asio::awaitable<void> remove(std::vector<std::string> ids) override {
        outage.check();
        for (const std::string& id : ids) {
            log.push_back("remove " + id);
            rows.erase(id);
        }
        changed.notify_all();
        co_return;
    }
    asio::awaitable<void> put_back(
        std::vector<std::string> ids, std::chrono::milliseconds /*after*/
    ) override {
        outage.check();
        for (const std::string& id : ids) {
            log.push_back("put back " + id);
            due.insert(id);
        }
        changed.notify_all();
        co_return;
    }
    asio::awaitable<void> refuse(
        std::string id, std::string reason, std::optional<OutboxRow> dead_letter
    ) override {
        outage.check();
        log.push_back("refuse " + id + ": " + reason);
        if (dead_letter) {
            added.push_back(std::move(*dead_letter));
        }
        changed.notify_all();
        co_return;
    }
    asio::awaitable<std::optional<std::chrono::milliseconds>> until_next_due() override {
        outage.check();
        co_return std::nullopt;
    }

    Outage outage{"postgres"};
    net::Notification changed;
    std::map<std::string, TakenRow> rows;
    std::set<std::string> due;
    std::vector<OutboxRow> added;
    std::vector<std::string> log;
    std::vector<std::string> skipped;
    std::chrono::milliseconds last_lease{};
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
        return note("declare dead " + instances.at(0));
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

class FakeSuspects final : public Suspects {
public:
    asio::awaitable<std::uint32_t> begin(std::string /*subject*/, std::string event_id) override {
        outage.check();
        suspects.insert(std::move(event_id));
        co_return 0;
    }
    asio::awaitable<void> clear(std::string /*subject*/, std::string event_id) override {
        outage.check();
        suspects.erase(event_id);
        co_return;
    }

    Outage outage{"postgres"};
    std::set<std::string> suspects;
};

}  // namespace chatear::runtime
