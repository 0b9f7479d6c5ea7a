#include "nats/pull_book.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <string>

namespace chatear::nats {
namespace {

constexpr std::chrono::milliseconds first_hold{100};
constexpr std::chrono::milliseconds longest_hold{5'000};

std::string lower_case(std::string_view text) {
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return lower;
}

std::size_t less(std::size_t from, std::size_t amount) {
    return from - std::min(from, amount);
}

}  // namespace

void PullBook::set_limits(std::size_t max_batch, std::size_t max_bytes, milliseconds max_expires) {
    max_batch_ = max_batch;
    max_bytes_ = max_bytes;
    max_expires_ = max_expires;
}

void PullBook::set_credit(std::size_t messages, std::size_t bytes) {
    credit_messages_ = messages;
    credit_bytes_ = bytes;
    most_messages_ = std::max(most_messages_, messages);
    most_bytes_ = std::max(most_bytes_, bytes);
}

bool PullBook::on_message(std::size_t slot, std::size_t bytes, Moment now) {
    CHATEAR_ASSERT(slot < slots);
    Slot& from = slots_[slot];
    const bool is_last = from.messages == 1;
    from.messages = less(from.messages, 1);
    from.bytes = from.messages == 0 ? 0 : less(from.bytes, bytes);
    waiting_messages_ += 1;
    waiting_bytes_ += bytes;
    hear(now);
    hold_step_ = milliseconds::zero();
    too_large_for_ = 0;
    return is_last;
}

void PullBook::on_taken(std::size_t messages, std::size_t bytes) {
    on_dropped(messages, bytes);
    credit_messages_ = less(credit_messages_, messages);
    credit_bytes_ = less(credit_bytes_, bytes);
}

void PullBook::on_dropped(std::size_t messages, std::size_t bytes) {
    CHATEAR_ASSERT(messages <= waiting_messages_ && bytes <= waiting_bytes_);
    waiting_messages_ -= messages;
    waiting_bytes_ -= bytes;
}

PullBook::Effect PullBook::on_status(
    std::size_t slot, std::uint64_t number, int status, std::string_view text, Moment now
) {
    CHATEAR_ASSERT(slot < slots);
    hear(now);
    if (status == 100) {
        return Effect::none;
    }
    const std::string lower = lower_case(text);
    const bool current = slots_[slot].number == number && slots_[slot].messages > 0;
    const std::size_t asked_bytes = slots_[slot].asked_bytes;
    if (current) {
        slots_[slot] = Slot();
    }
    if (status == 404 || status == 408 || lower.starts_with("batch completed")) {
        return Effect::none;
    }
    if (lower.find("exceeds maxbytes") != std::string::npos) {
        if (current) {
            too_large_for_ = asked_bytes;
            retry_too_large_at_ = now + first_hold * 10;
        }
        return Effect::none;
    }
    hold_off(now);
    if (lower.starts_with("exceeded maxrequest")) {
        return Effect::verify;
    }
    const bool deleted = status == 503 || lower.starts_with("consumer deleted") ||
                         lower.starts_with("consumer is push");
    return deleted ? Effect::deleted : Effect::none;
}

void PullBook::hold_off(Moment now) {
    hold_step_ = std::clamp(hold_step_ * 2, first_hold, longest_hold);
    hold_until_ = now + hold_step_;
}

void PullBook::on_restart(Moment now) {
    slots_.fill(Slot());
    heard_ = false;
    last_heard_ = now;
}

void PullBook::expire(Moment now) {
    for (Slot& slot : slots_) {
        if (slot.messages > 0 && slot.void_at <= now) {
            slot = Slot();
        }
    }
}

void PullBook::hear(Moment now) {
    heard_ = true;
    last_heard_ = now;
}

PullBook::milliseconds PullBook::beat() const {
    return heard_ ? options_.heartbeat : std::min(options_.heartbeat, options_.first_heartbeat);
}

PullBook::Moment PullBook::silent_at() const {
    if (heard_ || requests_under_way() == 0) {
        return last_heard_ + options_.heartbeat * 2;
    }
    return std::max(last_heard_, last_asked_) + beat() * 2;
}

std::size_t PullBook::messages_requested() const {
    std::size_t sum = 0;
    for (const Slot& slot : slots_) {
        sum += slot.messages;
    }
    return sum;
}

std::size_t PullBook::bytes_requested() const {
    std::size_t sum = 0;
    for (const Slot& slot : slots_) {
        sum += slot.bytes;
    }
    return sum;
}

std::size_t PullBook::requests_under_way() const {
    return static_cast<std::size_t>(std::count_if(
        slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.messages > 0; }
    ));
}

std::vector<PullRequest> PullBook::take_requests(Moment now) {
    std::vector<PullRequest> requests;
    while (const auto request = next_request(now)) {
        requests.push_back(*request);
    }
    return requests;
}

/// The owner's room that is not asked for.
PullBook::Share PullBook::free_room() const {
    const std::size_t messages = less(credit_messages_, messages_requested() + waiting_messages_);
    const std::size_t bytes = less(credit_bytes_, bytes_requested() + waiting_bytes_);
    return messages == 0 || bytes == 0 ? Share() : Share{messages, bytes};
}

bool PullBook::quarter_is_free(const Share& free) const {
    return free.messages * 4 >= most_messages_ && free.bytes * 4 >= most_bytes_;
}

/// What may be asked for next. A request takes half of the owner's room at most, so that another is
/// under way when it ends; and there is one a quarter of the room, not one a message. Where less is
/// free and nothing is under way, the rest may be busy for long: then it is asked for, but not
/// again and again.
PullBook::Share PullBook::next_share(Moment now) const {
    const std::size_t requested = messages_requested();
    const auto [free, free_bytes] = free_room();
    const bool worth_it = quarter_is_free({free, free_bytes}) ||
                          (requested == 0 && now >= last_asked_ + options_.gather);
    if (now < hold_until_ || free == 0 || !worth_it) {
        return {};
    }
    if (too_large_for_ == 0) {
        const std::size_t half = std::max<std::size_t>(1, most_messages_ / 2);
        const std::size_t half_bytes = std::max<std::size_t>(1, most_bytes_ / 2);
        return {std::min(free, half), std::min(free_bytes, half_bytes)};
    }
    // One message needs more than was asked for: it comes alone, with all the room there is; and
    // with no limit when all the room is not enough.
    const bool grown = free_bytes > too_large_for_;
    const bool all_free = free_bytes >= most_bytes_ && waiting_messages_ == 0;
    if (requested > 0 || (!grown && !all_free && now < retry_too_large_at_)) {
        return {};
    }
    return {1, !grown && all_free ? 0 : free_bytes};
}

bool PullBook::can_ask(Moment now) const {
    return requests_under_way() < slots && next_share(now).messages > 0;
}

std::optional<PullRequest> PullBook::next_request(Moment now) {
    Share share = next_share(now);
    const auto idle = std::find_if(slots_.begin(), slots_.end(), [](const Slot& slot) {
        return slot.messages == 0;
    });
    if (share.messages == 0 || idle == slots_.end()) {
        return std::nullopt;
    }
    share.messages = max_batch_ == 0 ? share.messages : std::min(share.messages, max_batch_);
    share.bytes = max_bytes_ == 0 ? share.bytes : std::min(share.bytes, max_bytes_);
    PullRequest request;
    request.slot = static_cast<std::size_t>(idle - slots_.begin());
    request.number = ++last_number_;
    last_asked_ = now;
    request.messages = share.messages;
    request.bytes = share.bytes;
    request.expires = max_expires_ > milliseconds::zero() ? std::min(options_.expires, max_expires_)
                                                          : options_.expires;
    request.heartbeat = std::min(beat(), request.expires / 2);
    idle->number = request.number;
    idle->messages = share.messages;
    idle->bytes = share.bytes;
    idle->asked_bytes = share.bytes;
    idle->void_at = now + request.expires + options_.grace;
    return request;
}

PullBook::Moment PullBook::next_look(Moment now) const {
    if (can_ask(now)) {
        return now;
    }
    Moment next = silent_at();
    const Moment gathered = last_asked_ + options_.gather;
    if (gathered > now && can_ask(gathered)) {
        next = std::min(next, gathered);
    }
    for (const Slot& slot : slots_) {
        if (slot.messages > 0) {
            next = std::min(next, slot.void_at);
        }
    }
    if (hold_until_ > now) {
        next = std::min(next, hold_until_);
    }
    if (too_large_for_ > 0 && retry_too_large_at_ > now) {
        next = std::min(next, retry_too_large_at_);
    }
    return std::max(next, now);
}

}  // namespace chatear::nats
