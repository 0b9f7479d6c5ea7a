#include "deletion/nats_clock.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "base/on_exit.hpp"
#include "base/utc.hpp"

#include <utility>

namespace chatear::deletion {
namespace {

constexpr const char* stream_name = "CLOCK";
constexpr const char* clock_subject = "chatear.clock";

nats::StreamConfig clock_stream() {
    nats::StreamConfig config;
    config.name = stream_name;
    config.subjects.emplace_back(clock_subject);
    config.file_storage = false;
    config.max_messages = 1;
    return config;
}

}  // namespace

ClockOffset offset_between(Time before, Time stored, Time after) {
    constexpr std::chrono::microseconds rounding{1};
    return {stored - after - rounding, stored - before + rounding};
}

asio::awaitable<std::optional<ClockOffset>> NatsClock::offset() {
    while (comparing_) {
        co_await compared_.wait();
    }
    const auto age = clock_.boot_time() - measured_at_;
    if (measured_ && age < (last_ ? good_for : asked_again_after)) {
        co_return last_;
    }
    // One at a time: what another did not get must not replace it.
    comparing_ = true;
    const OnExit compared([this] {
        comparing_ = false;
        compared_.notify_all();
    });
    const BootTime asked_at = clock_.boot_time();
    std::optional<ClockOffset> found;
    try {
        found = co_await measure();
    } catch (const Unavailable& unavailable) {
        if (unavailable.dependency() != "nats") {
            throw;
        }
        log::debug("the clocks were not compared", {{"reason", unavailable.why()}});
    }
    last_ = found;
    measured_at_ = asked_at;
    measured_ = true;
    co_return found;
}

/// Whoever else measures at the same time may replace our message: its time lies between the same
/// two readings.
asio::awaitable<std::optional<ClockOffset>> NatsClock::measure() {
    const DayState before = co_await store_.day_state();
    const bool published = co_await publish();
    if (!published) {
        co_return std::nullopt;
    }
    const std::optional<Time> stored = co_await last_stored();
    const DayState after = co_await store_.day_state();
    if (!stored) {
        co_return std::nullopt;
    }
    co_return offset_between(before.now, *stored, after.now);
}

asio::awaitable<bool> NatsClock::publish() {
    nats::Message message;
    message.subject = clock_subject;
    nats::Message again = message;
    const nats::PublishResult first = co_await jetstream_.publish(std::move(message));
    if (first) {
        co_return true;
    }
    nats::StreamConfig config = clock_stream();
    const auto created = co_await jetstream_.create_stream(std::move(config));
    if (!created) {
        log::debug("the clocks cannot be compared", {{"reason", created.error().text()}});
        co_return false;
    }
    const nats::PublishResult second = co_await jetstream_.publish(std::move(again));
    co_return second.has_value();
}

asio::awaitable<std::optional<Time>> NatsClock::last_stored() {
    const auto stored = co_await jetstream_.last_message(stream_name, clock_subject);
    if (!stored) {
        co_return std::nullopt;
    }
    const Result<Time> time = parse_time(stored->time);
    if (!time) {
        co_return std::nullopt;
    }
    co_return *time;
}

}  // namespace chatear::deletion
