#include "runtime/relay.hpp"

#include "base/crash_point.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "net/moment.hpp"
#include "net/timer.hpp"
#include "runtime/headers.hpp"
#include "runtime/verdict.hpp"

#include <algorithm>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::chrono::milliseconds first_rest{500};
constexpr std::chrono::milliseconds longest_rest{30'000};
constexpr std::chrono::milliseconds after_outage{1'000};

}  // namespace

Relay::Relay(
    const asio::any_io_executor& executor, Outbox& outbox, Publisher& publisher, std::string worker
)
    : outbox_(outbox),
      publisher_(publisher),
      worker_(std::move(worker)),
      wake_(executor),
      ended_(executor),
      publishing_(executor),
      tasks_(executor) {}

void Relay::start() {
    running_ = true;
    tasks_.start("outbox relay", run());
}

void Relay::wake() {
    woken_ = true;
    wake_.notify_all();
}

asio::awaitable<bool> Relay::drain(std::chrono::milliseconds limit) {
    draining_ = true;
    wake();
    const net::Moment end = net::moment_after(limit);
    bool in_time = true;
    while (running_ && in_time) {
        in_time = co_await ended_.wait_until(end);
    }
    co_return !running_;
}

asio::awaitable<void> Relay::stop() {
    co_await publishing_.stop();
    co_await tasks_.stop();
}

asio::awaitable<void> Relay::run() {
    while (!draining_) {
        bool down = false;
        std::size_t taken = 0;
        try {
            taken = co_await pass();
        } catch (const Unavailable& unavailable) {
            down = true;
            log::debug("the outbox waits", {{"reason", unavailable.what()}});
        }
        if (down) {
            co_await net::sleep_for(after_outage);
        } else if (taken < most_in_a_batch) {
            try {
                co_await wait_for_work();
            } catch (const Unavailable&) {
                down = true;  // The next pass says so.
            }
        }
    }
    running_ = false;
    ended_.notify_all();
}

asio::awaitable<void> Relay::wait_for_work() {
    if (!std::exchange(woken_, false)) {
        const auto next = co_await outbox_.until_next_due();
        // A row of a resting subject is due all the time: it must not make the loop spin.
        const auto least = resting_.empty() ? std::chrono::milliseconds(0) : first_rest;
        const auto sleep = std::clamp(next.value_or(longest_sleep), least, longest_sleep);
        if (!woken_ && sleep.count() > 0) {
            (void)co_await wake_.wait_for(sleep);
        }
    }
    woken_ = false;
}

asio::awaitable<std::size_t> Relay::pass() {
    co_await settle();  // What an outage of PostgreSQL left over.
    std::vector<std::string> resting = resting_subjects();
    std::vector<TakenRow> rows = co_await outbox_.take(most_in_a_batch, lease, std::move(resting));
    const std::size_t count = rows.size();
    forget_rests(rows);
    if (count > 0) {
        co_await publish_batch(std::move(rows));
        co_await settle();
    }
    co_return count;
}

/// All at once: one acknowledgement's way is waited for, not one a row.
asio::awaitable<void> Relay::publish_batch(std::vector<TakenRow> rows) {
    for (TakenRow& row : rows) {
        publishing_.start("publish", publish_row(std::move(row)));
    }
    co_await publishing_.join();
}

asio::awaitable<void> Relay::publish_row(TakenRow row) {
    nats::Message message;
    message.subject = row.subject;
    message.payload = row.payload;
    message.headers = without_nats_headers(row.headers);
    set_header(message.headers, "Nats-Msg-Id", row.id);
    std::string outage;
    try {
        const nats::PublishResult published = co_await publisher_.publish(std::move(message));
        if (published) {
            crash_point("after-publish");
            ++status_.published;
            resting_.erase(row.subject);
            published_.push_back(std::move(row.id));
            co_return;
        }
        if (published.error().kind == nats::PublishError::Kind::refused) {
            ++status_.refused;
            refused_.emplace_back(std::move(row), published.error().reason);
            co_return;
        }
        outage = published.error().reason;
    } catch (const Unavailable& unavailable) {
        outage = unavailable.what();
    }
    ++status_.put_back;
    rest(row.subject, outage);
    returned_.push_back(std::move(row.id));
}

void Relay::rest(const std::string& subject, const std::string& reason) {
    const auto now = net::now();
    Rest& entry = resting_[subject];
    if (entry.until > now) {
        return;  // The same news from the same batch.
    }
    if (entry.delay.count() == 0) {
        log::warn("the outbox waits for a stream", {{"subject", subject}, {"reason", reason}});
    }
    entry.delay = entry.delay.count() == 0 ? first_rest : std::min(entry.delay * 2, longest_rest);
    entry.until = now + entry.delay;
    status_.trouble = subject + ": " + reason;
}

std::vector<std::string> Relay::resting_subjects() const {
    const auto now = net::now();
    std::vector<std::string> subjects;
    for (const auto& [subject, entry] : resting_) {
        if (entry.until > now) {
            subjects.push_back(subject);
        }
    }
    return subjects;
}

/// A rest is over when its time is and nothing waits for the stream any more: another process has
/// published it, or a person dropped it. Else nobody would ever say that all is well again.
void Relay::forget_rests(const std::vector<TakenRow>& taken) {
    const auto now = net::now();
    const bool took_all = taken.size() < most_in_a_batch;
    std::erase_if(resting_, [&](const auto& rest) {
        const bool waits = std::any_of(taken.begin(), taken.end(), [&](const TakenRow& row) {
            return row.subject == rest.first;
        });
        return took_all && !waits && rest.second.until + rest.second.delay <= now;
    });
    if (resting_.empty()) {
        status_.trouble.clear();
    }
}

asio::awaitable<void> Relay::settle() {
    if (!published_.empty()) {
        std::vector<std::string> ids = published_;
        co_await outbox_.remove(std::move(ids));
        published_.clear();
    }
    if (!returned_.empty()) {
        std::vector<std::string> ids = returned_;
        co_await outbox_.put_back(std::move(ids), first_rest);
        returned_.clear();
    }
    while (!refused_.empty()) {
        const auto& [row, reason] = refused_.back();
        log::error(
            "JetStream refuses a message of the outbox; see chatear outbox list",
            {{"subject", row.subject},
             {"event_id", row.event_id},
             {"outbox_id", row.id},
             {"reason", reason}}
        );
        std::optional<OutboxRow> dead;
        if (row.kind == OutboxKind::event) {
            dead = dead_letter_of_refused(row, reason, worker_);
        }
        std::string id = row.id;
        std::string why = reason;
        co_await outbox_.refuse(std::move(id), std::move(why), std::move(dead));
        refused_.pop_back();
    }
}

OutboxRow dead_letter_of_refused(
    const TakenRow& row, const std::string& reason, const std::string& worker
) {
    OutboxRow dead;
    dead.kind = OutboxKind::dead_letter;
    dead.subject = dead_letter_subject(row.origin_subject);
    set_header(dead.headers, header::event_id, row.event_id);
    set_header(dead.headers, header::generation, std::to_string(row.generation));
    set_header(dead.headers, header::reason, header_value("JetStream refused it: " + reason));
    set_header(dead.headers, header::subject, row.origin_subject);
    set_header(dead.headers, header::worker, worker);
    set_header(dead.headers, "Chatear-Outbox-Id", row.id);
    dead.origin_subject = row.origin_subject;
    dead.event_id = row.event_id;
    dead.generation = row.generation;
    return dead;
}

}  // namespace chatear::runtime
