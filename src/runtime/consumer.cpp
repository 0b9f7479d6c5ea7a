// From pull to handler: what comes in, and what is in hand.
#include "runtime/consumer.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/randomness.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "runtime/consumer_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::size_t places_behind_brake = 2;

StoredMessage stored(nats::JetStreamMessage message) {
    StoredMessage stored;
    stored.subject = std::move(message.message.subject);
    stored.payload = std::move(message.message.payload);
    stored.headers = std::move(message.message.headers);
    stored.stream = std::move(message.stream);
    stored.stream_sequence = message.stream_seq;
    stored.stored_at_ns = message.stored_at_ns;
    stored.delivered = message.delivered;
    return stored;
}

}  // namespace

Consumer::Consumer(
    const asio::any_io_executor& executor,
    EventSource& source,
    Judge& judge,
    Turnstile& turnstile,
    ContentGate& gate,
    const Clock& clock,
    Subscription subscription,
    ConsumerOptions options
)
    : source_(source),
      judge_(judge),
      turnstile_(turnstile),
      gate_(gate),
      clock_(clock),
      subscription_(std::move(subscription)),
      options_(std::move(options)),
      brake_(options_.first_probe, options_.longest_probe),
      random_(random_engine()()),
      brake_changed_(executor),
      room_(executor),
      begun_(executor),
      tasks_(executor) {}

void Consumer::start() {
    source_.start();
    tasks_.start("pull " + subscription_.subject, pull());
    tasks_.start("in-progress " + subscription_.subject, keep_in_progress());
    if (pacer_) {
        tasks_.start("pace " + subscription_.subject, keep_pace());
    }
}

void Consumer::drain() {
    draining_ = true;
    source_.drain();
    brake_changed_.notify_all();
}

asio::awaitable<bool> Consumer::emptied(std::chrono::milliseconds limit) {
    const auto end = net::now() + limit;
    while (status_.in_hand > 0) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - net::now());
        if (left.count() <= 0) {
            co_return false;
        }
        (void)co_await room_.wait_for(left);
    }
    co_return true;
}

asio::awaitable<void> Consumer::stop() {
    draining_ = true;
    co_await tasks_.stop();
}

bool Consumer::content_in_hand() const {
    return std::any_of(in_hand_.begin(), in_hand_.end(), [](const auto& entry) {
        return entry.second.state && entry.second.state->content_begun;
    });
}

void Consumer::grant_credit() {
    if (draining_) {
        return;
    }
    std::size_t places = options_.concurrency - std::min(options_.concurrency, status_.in_hand);
    std::size_t bytes =
        options_.memory_budget - std::min(options_.memory_budget, status_.bytes_in_hand);
    if (brake_.state() != Brake::State::open) {
        // Somebody has to be there to go first, and somebody else, or nobody ever finds out that
        // the first is itself what is wrong.
        places = places_behind_brake - std::min(places_behind_brake, status_.in_hand);
    }
    if (bytes == 0) {
        places = 0;
    }
    if (pacer_) {
        places = std::min(places, pacer_->allowed(net::now()));
    }
    source_.set_credit(places, bytes);
}

asio::awaitable<void> Consumer::pull() {
    while (!draining_) {
        grant_credit();
        std::vector<nats::JetStreamMessage> messages = co_await source_.receive();
        if (pacer_) {
            pacer_->begun(messages.size(), net::now());
            begun_.notify_all();
        }
        for (nats::JetStreamMessage& message : messages) {
            ++status_.received;
            take(std::move(message));
        }
    }
}

/// Grants again when the rate allows more.
asio::awaitable<void> Consumer::keep_pace() {
    while (true) {
        const bool rested =
            pacer_->rested(net::now());  // Before the grant, which then is a whole one.
        grant_credit();
        if (rested) {
            co_await begun_.wait();
            continue;
        }
        const auto left = pacer_->next() - net::now();
        co_await net::sleep_for(std::max(
            std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds(5)
        ));
    }
}

void Consumer::take(nats::JetStreamMessage message) {
    ++status_.in_hand;
    status_.bytes_in_hand += nats::credit_bytes(message.message);
    tasks_.start("handle " + subscription_.subject, handle(std::move(message)));
}

/// Restarts ack_wait for everything in hand, well before it ends.
asio::awaitable<void> Consumer::keep_in_progress() {
    while (true) {
        co_await net::sleep_for(options_.in_progress_every);
        for (const auto& [key, in_hand] : in_hand_) {
            source_.in_progress(in_hand.leader->ack);
            for (const std::shared_ptr<Work>& follower : in_hand.followers) {
                source_.in_progress(follower->ack);
            }
        }
        grant_credit();
    }
}

/// Before the claim a crash would be counted nowhere, so it would come again and again.
Result<DecodedEvent> Consumer::decode(std::string_view payload) const {
    try {
        return subscription_.decode(payload);
    } catch (const std::exception& error) {
        return Error{"its decoder failed: ", error.what()};
    }
}

std::shared_ptr<Consumer::Work> Consumer::open(nats::JetStreamMessage message) const {
    const auto work = std::make_shared<Work>();
    work->ack = std::move(message.ack);
    work->bytes = nats::credit_bytes(message.message);
    auto decoded = decode(message.message.payload);
    std::optional<std::string> id_in_body;
    std::string digest;
    if (decoded) {
        work->value = std::move(decoded->value);
        id_in_body = std::move(decoded->id_in_body);
        digest = std::move(decoded->content_sha256);
    } else {
        work->known = Reject{decoded.error().message};
        digest = sha256(message.message.payload);
    }
    Identified identified =
        identify(stored(std::move(message)), std::move(id_in_body), std::move(digest));
    if (identified.problem) {
        work->known = Reject{identified.problem->message};
    }
    work->event = std::make_shared<const Event>(std::move(identified.event));
    return work;
}

asio::awaitable<void> Consumer::handle(nats::JetStreamMessage message) {
    std::shared_ptr<Work> work = open(std::move(message));
    co_await handle_alone_of_its_key(std::move(work));
}

asio::awaitable<void> Consumer::handle_alone_of_its_key(std::shared_ptr<Work> work) {
    const auto [entry, first] = in_hand_.try_emplace(work->event->event_id);
    work->in_hand = &entry->second;
    if (!first) {
        // Rule 6: judged after the verdict of the one in hand.
        entry->second.followers.push_back(std::move(work));
        co_return;
    }
    entry->second.leader = work;
    co_await work_on(*work);
    finish(*work);
}

void Consumer::finish(Work& work) {
    const auto entry = in_hand_.find(work.event->event_id);
    CHATEAR_ASSERT(entry != in_hand_.end());
    std::vector<std::shared_ptr<Work>> followers = std::move(entry->second.followers);
    in_hand_.erase(entry);
    --status_.in_hand;
    status_.bytes_in_hand -= work.bytes;
    for (std::shared_ptr<Work>& follower : followers) {
        tasks_.start(
            "handle " + subscription_.subject, handle_alone_of_its_key(std::move(follower))
        );
    }
    room_.notify_all();
    grant_credit();
}

asio::awaitable<void> Consumer::work_on(Work& work) {
    while (true) {
        work.alone.reset();
        work.in_handler = false;
        bool entered = enter_at_once(work);
        if (!entered) {
            entered = co_await enter(work);
        }
        if (!entered) {
            source_.nak(work.ack, std::chrono::milliseconds(0));
            co_return;
        }
        std::optional<Unavailable> down;
        std::optional<Outcome> outcome;
        try {
            const Entry entry = co_await claim(work);
            if (entry == Entry::granted) {
                outcome = co_await run(work);
            }
        } catch (const Unavailable& unavailable) {
            down = unavailable;
        }
        if (down && !charge(work, *down)) {
            continue;
        }
        if (down) {
            outcome = Retry{fmt::format("{} (others succeeded meanwhile)", down->what())};
        } else if (!work.outage_noted) {
            release_brake(work, outcome);
        }
        if (outcome) {
            co_await conclude(work, std::move(*outcome));
        }
        if (work.alone) {
            co_await judge_.end_alone(*work.event);
        }
        co_return;
    }
}

}  // namespace chatear::runtime
