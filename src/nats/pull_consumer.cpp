#include "nats/pull_consumer.hpp"

#include "base/assert.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::nats {
namespace {

constexpr std::chrono::milliseconds first_retry{100};
constexpr std::chrono::milliseconds longest_retry{5'000};
constexpr std::string_view ack_payload = "+ACK";
constexpr std::string_view in_progress_payload = "+WPI";

}  // namespace

std::size_t credit_bytes(const Message& message) {
    // As the server counts for max_bytes.
    std::size_t bytes = message.subject.size() + message.reply_to.size() + message.payload.size();
    for (const auto& [name, value] : message.headers) {
        bytes += name.size() + value.size() + 4;
    }
    return bytes;
}

PullConsumer::PullConsumer(
    Connection& connection, ConsumerDeclaration declaration, PullOptions options
)
    : connection_(connection),
      jetstream_(connection, options.answer_timeout),
      declaration_(std::move(declaration)),
      deletion_pause_(options.deletion_pause),
      book_(options.requests),
      changed_(connection.executor()),
      arrived_(connection.executor()),
      backoff_(first_retry, longest_retry),
      tasks_(connection.executor()) {
    CHATEAR_ASSERT(deletion_pause_ > Incarnation::consumer_tolerance);
}

PullConsumer::~PullConsumer() = default;

std::string PullConsumer::describe() const {
    return (stream_.empty() ? declaration_.stream.name : stream_) + "/" + declaration_.durable;
}

void PullConsumer::start() {
    running_ = true;
    connection_listener_ = connection_.on_change([this] {
        doubt(
            connection_.connected() ? "reconnected" : "not connected: " + connection_.last_error()
        );
    });
    tasks_.start("nats consumer " + declaration_.durable, run());
}

asio::awaitable<void> PullConsumer::wait_usable() {
    while (!usable()) {
        co_await changed_.wait();
    }
}

void PullConsumer::drain() {
    if (drained_) {
        return;
    }
    drained_ = true;
    book_.set_credit(0, 0);
    for (Subscription& slot : slots_) {
        slot.retire();
    }
    for (const JetStreamMessage& delivery : std::exchange(ready_, {})) {
        book_.on_dropped(1, credit_bytes(delivery.message));
        nak(delivery.ack, milliseconds::zero());
    }
    arrived_.notify_all();
}

asio::awaitable<void> PullConsumer::stop() {
    drain();
    co_await tasks_.stop();
    slots_.clear();
    advisories_.clear();
    connection_listener_.reset();
    running_ = false;
}

void PullConsumer::set_credit(std::size_t messages, std::size_t bytes) {
    if (drained_) {
        return;
    }
    book_.set_credit(messages, bytes);
    has_credit_ = messages > 0 && bytes > 0;
    const PullBook::Moment now = net::now().time_since_epoch();
    if (book_.next_look(now) < sleeps_until_) {
        changed_.notify_all();
    }
}

asio::awaitable<std::vector<JetStreamMessage>> PullConsumer::receive() {
    while (ready_.empty() && !drained_) {
        co_await arrived_.wait();
    }
    std::vector<JetStreamMessage> received;
    received.reserve(ready_.size());
    for (JetStreamMessage& delivery : ready_) {
        book_.on_taken(1, credit_bytes(delivery.message));
        received.push_back(std::move(delivery));
    }
    ready_.clear();
    co_return received;
}

void PullConsumer::ack(const AckToken& token) {
    settle(token, std::string(ack_payload));
}

void PullConsumer::nak(const AckToken& token, milliseconds delay) {
    std::string payload = "-NAK";
    if (delay > milliseconds::zero()) {
        payload += fmt::format(R"( {{"delay":{}}})", std::chrono::nanoseconds(delay).count());
    }
    settle(token, std::move(payload));
}

void PullConsumer::in_progress(const AckToken& token) {
    if (!guard_.holds(token)) {
        return;
    }
    guard_.keep(token, net::now());
    if (trusted()) {
        send_ack(token, in_progress_payload);
    }
}

void PullConsumer::settle(const AckToken& token, std::string payload) {
    if (!guard_.holds(token)) {
        ++counters_.stale_acks;
    } else if (trusted()) {
        guard_.let_go(token);
        send_ack(token, payload);
    } else if (held_.size() < max_held_acks) {
        guard_.hold_back(token);
        held_.push_back({token, std::move(payload)});
    } else {
        ++counters_.lost_acks;
    }
}

void PullConsumer::send_ack(const AckToken& token, std::string_view payload) {
    try {
        connection_.publish(token.subject, payload);
        if (payload == ack_payload) {
            ++counters_.acks;
        }
    } catch (const Unavailable&) {
        // The server delivers it again after ack_wait.
        ++counters_.lost_acks;
    }
}

void PullConsumer::release_held() {
    for (HeldAck& held : std::exchange(held_, {})) {
        settle(held.token, std::move(held.payload));
    }
}

asio::awaitable<void> PullConsumer::flush(milliseconds timeout) {
    const auto end = net::now() + timeout;
    while (true) {
        const auto left = std::chrono::ceil<milliseconds>(end - net::now());
        if (left <= milliseconds::zero()) {
            throw Unavailable(
                "nats", connection_.peer(), "acknowledgements still wait: " + trouble()
            );
        }
        if (trusted() && held_.empty()) {
            co_await connection_.flush(left);
            co_return;
        }
        co_await changed_.wait_for(left);
    }
}

ConsumerState PullConsumer::state() const {
    if (!running_) {
        return ConsumerState::stopped;
    }
    if (drained_) {
        return ConsumerState::drained;
    }
    if (!connection_.connected()) {
        return ConsumerState::disconnected;
    }
    if (!usable()) {
        return ConsumerState::verifying;
    }
    return has_credit_ ? ConsumerState::pulling : ConsumerState::paused;
}

std::string PullConsumer::trouble() const {
    if (!connection_.connected()) {
        return "not connected: " + connection_.last_error();
    }
    if (trusted()) {
        return pull_denied_;
    }
    return trouble_.empty() ? "looking at stream and consumer" : trouble_;
}

}  // namespace chatear::nats
