// How a pull consumer pulls and receives; what its owner calls is in pull_consumer.cpp.
#include "base/error.hpp"
#include "base/log.hpp"
#include "nats/pull_consumer.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace chatear::nats {
namespace {

PullBook::Moment now() {
    return net::now().time_since_epoch();
}

std::string pull_json(const PullRequest& request) {
    std::string json = fmt::format(
        R"({{"batch":{},"expires":{},"idle_heartbeat":{})",
        request.messages,
        std::chrono::nanoseconds(request.expires).count(),
        std::chrono::nanoseconds(request.heartbeat).count()
    );
    if (request.bytes > 0) {
        json += fmt::format(R"(,"max_bytes":{})", request.bytes);
    }
    return json + "}";
}

JetStreamMessage make_delivery(Message message, AckSubject ack, AckToken token) {
    JetStreamMessage delivery;
    delivery.message = std::move(message);
    delivery.stream = std::move(ack.stream);
    delivery.consumer = std::move(ack.consumer);
    delivery.stream_seq = ack.stream_seq;
    delivery.consumer_seq = ack.consumer_seq;
    delivery.delivered = ack.delivered;
    delivery.stored_at_ns = ack.stored_at_ns;
    delivery.ack = std::move(token);
    return delivery;
}

}  // namespace

asio::awaitable<void> PullConsumer::run() {
    while (true) {
        co_await connection_.wait_connected();
        if (std::exchange(deleted_, false)) {
            co_await net::sleep_for(deletion_pause_);
        }
        co_await verify();
        if (usable()) {
            backoff_.reset();
            co_await pull_until_doubt();
        } else if (connection_.connected() && !trouble_.empty()) {
            const milliseconds pause = backoff_.next();
            co_await net::sleep_for(pause);
        }
    }
}

/// New subjects at each start: a request of before, should it still live in the server, finds
/// nobody.
void PullConsumer::subscribe_slots() {
    slots_.clear();
    if (drained_) {
        return;
    }
    inbox_ = connection_.new_inbox();
    for (std::size_t slot = 0; slot < PullBook::slots; ++slot) {
        slots_.push_back(connection_.subscribe(
            fmt::format("{}.{}.*", inbox_, slot),
            [this, slot](Message message) { take(slot, std::move(message)); }
        ));
    }
}

/// The server's news of a deletion, for the time in which no pull is under way to tell of it.
void PullConsumer::subscribe_advisories() {
    const std::string prefix = "$JS.EVENT.ADVISORY.";
    const auto on_deleted = [this](const Message& message) {
        doubt_deleted("deleted: " + message.subject);
    };
    advisories_.clear();
    advisories_.push_back(connection_.subscribe(prefix + "STREAM.DELETED." + stream_, on_deleted));
    advisories_.push_back(connection_.subscribe(
        prefix + "CONSUMER.DELETED." + stream_ + "." + declaration_.durable, on_deleted
    ));
}

asio::awaitable<void> PullConsumer::pull_until_doubt() {
    while (trusted()) {
        book_.expire(now());
        if (book_.silent(now())) {
            silences_ += book_.messages_requested() > 0 ? 1 : 0;
            doubt("neither message nor heartbeat came");
            co_return;
        }
        send_requests();
        sleeps_until_ = book_.next_look(now());
        const auto pause = std::chrono::ceil<milliseconds>(sleeps_until_ - now());
        co_await changed_.wait_for(pause);
    }
}

void PullConsumer::send_requests() {
    if (drained_) {
        return;
    }
    for (const PullRequest& request : book_.take_requests(now())) {
        Message message;
        message.subject = pull_subject_;
        message.reply_to = fmt::format("{}.{}.{}", inbox_, request.slot, request.number);
        message.payload = pull_json(request);
        try {
            connection_.publish(message);
            ++counters_.pulls;
        } catch (const Unavailable& error) {
            doubt(error.why());
        }
    }
}

void PullConsumer::take(std::size_t slot, Message message) {
    silences_ = 0;
    if (message.subject.starts_with(inbox_)) {
        take_status(slot, message);
    } else {
        take_message(slot, std::move(message));
    }
}

void PullConsumer::take_status(std::size_t slot, const Message& message) {
    const std::string_view digits =
        std::string_view(message.subject).substr(message.subject.rfind('.') + 1);
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto effect = book_.on_status(slot, number, message.status, message.status_text, now());
    if (effect == PullBook::Effect::deleted) {
        doubt_deleted(message.status == 503 ? "nobody answers to a pull" : message.status_text);
    } else if (effect == PullBook::Effect::verify) {
        doubt(message.status_text);
    }
    if (message.status != 100) {
        changed_.notify_all();
    }
}

void PullConsumer::take_message(std::size_t slot, Message message) {
    std::optional<AckSubject> ack = parse_ack_subject(message.reply_to);
    if (!ack) {
        log::warn(
            "a message without a JetStream reply subject was ignored",
            {{"subject", message.subject}}
        );
        return;
    }
    // A contradiction gives it the token of the incarnation so far, which is dead if there is
    // another now; it proves nothing of what is in our hands.
    ++counters_.received;
    AckToken token;
    if (guard_.consistent(*ack)) {
        token = guard_.take(message.reply_to, *ack, net::now());
    } else {
        token = guard_.token_of(message.reply_to, *ack);
        doubt("a sequence or store time went back");
    }
    if (drained_) {
        nak(token, milliseconds::zero());
        return;
    }
    if (book_.on_message(slot, credit_bytes(message), now())) {
        changed_.notify_all();
    }
    ready_.push_back(make_delivery(std::move(message), std::move(*ack), std::move(token)));
    arrived_.notify_all();
}

void PullConsumer::doubt(const std::string& why) {
    log::debug("a consumer is looked at again", {{"consumer", describe()}, {"reason", why}});
    guard_.doubt();
    changed_.notify_all();
}

void PullConsumer::doubt_deleted(const std::string& why) {
    deleted_ = true;
    doubt(why);
}

bool PullConsumer::trusted() const {
    return !guard_.in_doubt() && connection_.connected() && connection_.epoch() == verified_epoch_;
}

/// Trusted, and as far as is known it may be pulled from.
bool PullConsumer::usable() const {
    return trusted() && pull_denied_.empty();
}

}  // namespace chatear::nats
