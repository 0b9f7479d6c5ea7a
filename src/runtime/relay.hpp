#pragma once

#include "nats/jetstream.hpp"
#include "net/moment.hpp"
#include "net/notification.hpp"
#include "net/task_group.hpp"
#include "runtime/outbox.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace chatear::runtime {

/// Where the relay publishes; JetStream in real life.
class Publisher {
public:
    virtual ~Publisher() = default;
    virtual asio::awaitable<nats::PublishResult> publish(nats::Message message) = 0;
};

class JetStreamPublisher final : public Publisher {
public:
    explicit JetStreamPublisher(nats::Connection& connection) : jetstream_(connection) {}
    asio::awaitable<nats::PublishResult> publish(nats::Message message) override {
        return jetstream_.publish(std::move(message));
    }

private:
    nats::JetStream jetstream_;
};

struct RelayStatus {
    std::uint64_t published = 0;
    std::uint64_t refused = 0;   ///< For their own sake.
    std::uint64_t put_back = 0;  ///< Their stream, or NATS, was not there.
    std::string trouble;         ///< Why something waits, for /readyz; empty when all is well.
};

/// Publishes what is due in the outbox (rules 14, 15). Every process has one; they share the rows
/// by SKIP LOCKED. A row whose stream is down is given back, and its subject left alone for a
/// while.
class Relay {
public:
    static constexpr std::size_t most_in_a_batch = 256;
    static constexpr std::chrono::milliseconds lease{60'000};
    static constexpr std::chrono::milliseconds longest_sleep{3'000};

    Relay(
        const asio::any_io_executor& executor,
        Outbox& outbox,
        Publisher& publisher,
        std::string worker
    );

    void start();

    /// Something may be due: looks at once.
    void wake();

    /// Takes no more, and waits for at most `limit` for what is being published: a row that is cut
    /// off by stop() waits for the end of its lease. False: not all has ended.
    asio::awaitable<bool> drain(std::chrono::milliseconds limit);

    asio::awaitable<void> stop();

    const RelayStatus& status() const { return status_; }

private:
    struct Rest {
        net::Moment until;
        std::chrono::milliseconds delay{};
    };

    asio::awaitable<void> run();
    asio::awaitable<std::size_t> pass();
    asio::awaitable<void> publish_batch(std::vector<TakenRow> rows);
    asio::awaitable<void> publish_row(TakenRow row);
    asio::awaitable<void> settle();
    asio::awaitable<void> wait_for_work();
    std::vector<std::string> resting_subjects() const;
    void forget_rests(const std::vector<TakenRow>& taken);
    void rest(const std::string& subject, const std::string& reason);

    Outbox& outbox_;
    Publisher& publisher_;
    std::string worker_;
    RelayStatus status_;
    std::map<std::string, Rest> resting_;
    std::vector<std::string> published_;  // To be removed: JetStream has them.
    std::vector<std::string> returned_;   // To be put back.
    std::vector<std::pair<TakenRow, std::string>> refused_;
    bool woken_ = false;
    bool running_ = false;
    bool draining_ = false;
    net::Notification wake_;
    net::Notification ended_;
    net::TaskGroup publishing_;
    net::TaskGroup tasks_;
};

/// The dead letter that a refused row of kind `event` becomes: its bytes stay in the outbox row,
/// which it names, since they are what was refused.
OutboxRow dead_letter_of_refused(
    const TakenRow& row, const std::string& reason, const std::string& worker
);

}  // namespace chatear::runtime
