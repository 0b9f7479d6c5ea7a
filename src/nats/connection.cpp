#include "nats/connection.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "base/log.hpp"
#include "base/on_exit.hpp"
#include "nats/pending.hpp"
#include "net/moment.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace chatear::nats {
namespace {

constexpr std::size_t inbox_random_bytes = 12;
constexpr std::string_view dependency = "nats";

std::vector<ServerUrl> in_order(ConnectionOptions& options) {
    if (options.shuffle) {
        std::random_device seed;
        std::shuffle(options.servers.begin(), options.servers.end(), std::minstd_rand(seed()));
    }
    return options.servers;
}

}  // namespace

Connection::Connection(const asio::any_io_executor& executor, ConnectionOptions options)
    : executor_(executor),
      options_(std::move(options)),
      pool_(in_order(options_)),
      resolver_(executor),
      changed_(executor),
      output_changed_(executor),
      inbox_(new_inbox()),
      server_(options_.servers.front()),
      last_error_("not connected yet"),
      replies_(std::make_shared<Replies>()),
      tasks_(executor) {
    subscriptions_ = std::make_shared<SubscriptionTable>([this](std::string line) {
        if (connected_) {
            output_ += line;
            output_changed_.notify_all();
        }
    });
    inbox_subscription_ =
        subscribe(inbox_ + ".*", [this](Message message) { take_reply(std::move(message)); });
}

Connection::~Connection() {
    subscriptions_->detach();
}

void Connection::start() {
    tasks_.start("nats connection", run());
    tasks_.start("nats writer", write_output());
    tasks_.start("nats liveness", watch_liveness());
}

asio::awaitable<void> Connection::stop() {
    if (connected_ && !stopped_) {
        try {
            co_await flush(options_.stop_timeout);
        } catch (const Unavailable& error) {
            log::warn("NATS did not take everything before the end", {{"reason", error.why()}});
        }
    }
    stopped_ = true;
    co_await tasks_.stop();
    if (stream_) {
        stream_->close();
    }
    if (connected_) {
        connected_ = false;
        last_error_ = "stopped";
        log::info("NATS connection closed", {{"peer", peer()}});
        tell_change();
    }
    fail_waiting("stopped");
}

asio::awaitable<void> Connection::wait_connected() {
    while (!connected_) {
        co_await changed_.wait();
    }
}

asio::awaitable<bool> Connection::wait_connected_for(milliseconds timeout) {
    const auto end = net::now() + timeout;
    while (!connected_) {
        const auto left = std::chrono::ceil<milliseconds>(end - net::now());
        if (left <= milliseconds::zero()) {
            co_return false;
        }
        co_await changed_.wait_for(left);
    }
    co_return true;
}

void Connection::check_room(std::size_t bytes) const {
    if (!connected_) {
        throw Unavailable(std::string(dependency), peer(), "not connected: " + last_error_);
    }
    if (output_.size() + writing_bytes_ + bytes > options_.max_output_bytes) {
        throw Unavailable(
            std::string(dependency), peer(), "it takes nothing: the output buffer is full"
        );
    }
}

void Connection::publish(const Message& message) {
    CHATEAR_ASSERT(valid_subject(message.subject) && check_headers(message.headers));
    CHATEAR_ASSERT(message.payload.size() <= max_payload());
    check_room(message.payload.size());
    const std::size_t before = output_.size();
    append_publish(output_, message.subject, message.reply_to, message.headers, message.payload);
    if (before == 0) {
        output_changed_.notify_all();
    }
}

void Connection::publish(std::string_view subject, std::string_view payload) {
    check_room(payload.size());
    const std::size_t before = output_.size();
    append_publish(output_, subject, {}, {}, payload);
    if (before == 0) {
        output_changed_.notify_all();
    }
}

asio::awaitable<Message> Connection::request(Message message, milliseconds timeout) {
    const std::string number = std::to_string(next_reply_++);
    message.reply_to = inbox_ + "." + number;
    publish(message);
    const auto pending = std::make_shared<PendingReply>(executor_, message.subject);
    const std::shared_ptr<Replies> replies = replies_;
    replies->emplace(number, pending);
    // Also when this coroutine is stopped, or destroyed after the connection.
    const OnExit forget([&] { replies->erase(number); });
    const bool answered = co_await pending->wait(timeout);
    if (!pending->failure.empty()) {
        throw Unavailable(std::string(dependency), peer(), pending->failure);
    }
    if (!answered) {
        throw Unavailable(
            std::string(dependency), peer(), "no answer in time to " + message.subject
        );
    }
    co_return std::move(pending->answer);
}

asio::awaitable<void> Connection::flush(milliseconds timeout) {
    check_room(0);
    const auto pending = std::make_shared<PendingPong>(executor_);
    append_ping(pending);
    const bool answered = co_await pending->wait(timeout);
    if (!pending->failure.empty()) {
        throw Unavailable(std::string(dependency), peer(), pending->failure);
    }
    if (!answered) {
        throw Unavailable(std::string(dependency), peer(), "no answer in time to a PING");
    }
}

Subscription Connection::subscribe(std::string subject, std::function<void(Message)> callback) {
    const std::uint64_t sid = subscriptions_->add(std::move(subject), std::move(callback));
    return {subscriptions_, sid};
}

std::string Connection::new_inbox() const {
    return "_INBOX." + to_hex(random_bytes(inbox_random_bytes));
}

std::string Connection::peer() const {
    return server_.address();
}

std::shared_ptr<void> Connection::on_change(std::function<void()> callback) {
    auto listener = std::make_shared<std::function<void()>>(std::move(callback));
    std::erase_if(listeners_, [](const auto& known) { return known.expired(); });
    listeners_.push_back(listener);
    return listener;
}

void Connection::tell_change() {
    changed_.notify_all();
    const auto listeners = listeners_;
    for (const auto& listener : listeners) {
        if (const auto callback = listener.lock()) {
            (*callback)();
        }
    }
}

void Connection::append_ping(std::shared_ptr<PendingPong> waiter) {
    pongs_.push_back(std::move(waiter));
    output_ += ping_line;
    output_changed_.notify_all();
}

void Connection::fail_waiting(const std::string& why) {
    for (const auto& [number, reply] : *replies_) {
        reply->fail(why);
    }
    for (const auto& pong : std::exchange(pongs_, {})) {
        if (pong) {
            pong->fail(why);
        }
    }
}

}  // namespace chatear::nats
