#include "nats/delivery_guard.hpp"

#include "base/utc.hpp"

#include <algorithm>

namespace chatear::nats {
namespace {

constexpr std::chrono::seconds longest_unkept{60};

/// Nobody but us acknowledges what is in our hands, so it must be there.
bool is_of_older_store(const StoreEvidence& evidence) {
    if (!evidence.asked) {
        return false;
    }
    if (!evidence.looked) {
        return evidence.last_seq < evidence.asked->stream_seq;
    }
    const std::chrono::nanoseconds ours(evidence.asked->stored_at_ns);
    return evidence.stored_at != Time(std::chrono::floor<Time::duration>(ours));
}

}  // namespace

bool created_at_once(const std::string& one, const std::string& other) {
    const Result<Time> first = parse_time(one);
    const Result<Time> second = parse_time(other);
    if (!first || !second) {
        return one == other;
    }
    return std::chrono::abs(*first - *second) < Incarnation::consumer_tolerance;
}

bool Incarnation::same_as(const Incarnation& other) const {
    return stream == other.stream && stream_created == other.stream_created &&
           created_at_once(consumer_created, other.consumer_created);
}

bool DeliveryGuard::verified(const Incarnation& found, const StoreEvidence& evidence) {
    in_doubt_ = false;
    // Leaders and servers may count on from less than they had told: a new start for both.
    last_consumer_seq_ = 0;
    highest_stream_seq_ = 0;
    highest_stored_at_ns_ = 0;
    const bool same = incarnation_ && incarnation_->same_as(found) && !is_of_older_store(evidence);
    incarnation_ = found;
    if (same) {
        return false;
    }
    in_hand_.clear();
    ++number_;
    return true;
}

bool DeliveryGuard::consistent(const AckSubject& delivery) {
    const bool counts_on = delivery.consumer_seq > last_consumer_seq_;
    // A stream stores in the order of its sequence, so sequence and time must agree.
    bool in_time = true;
    if (highest_stream_seq_ != 0) {
        if (delivery.stream_seq == highest_stream_seq_) {
            in_time = delivery.stored_at_ns == highest_stored_at_ns_;
        } else if (delivery.stream_seq > highest_stream_seq_) {
            in_time = delivery.stored_at_ns >= highest_stored_at_ns_;
        } else {
            in_time = delivery.stored_at_ns <= highest_stored_at_ns_;
        }
    }
    if (!counts_on || !in_time) {
        doubt();
        return false;
    }
    last_consumer_seq_ = delivery.consumer_seq;
    if (delivery.stream_seq > highest_stream_seq_) {
        highest_stream_seq_ = delivery.stream_seq;
        highest_stored_at_ns_ = delivery.stored_at_ns;
    }
    return true;
}

AckToken DeliveryGuard::take(std::string subject, const AckSubject& delivery, net::Moment now) {
    in_hand_[delivery.stream_seq] = Held{delivery.stored_at_ns, now};
    if (in_hand_.size() > sweep_at_) {
        sweep(now);
        sweep_at_ = std::max<std::size_t>(1024, 2 * in_hand_.size());
    }
    return token_of(std::move(subject), delivery);
}

void DeliveryGuard::sweep(net::Moment now) {
    std::erase_if(in_hand_, [&](const auto& held) {
        return !held.second.ack_waits && held.second.kept_at + longest_unkept < now;
    });
}

void DeliveryGuard::keep(const AckToken& token, net::Moment now) {
    const auto found = in_hand_.find(token.stream_seq);
    if (found != in_hand_.end()) {
        found->second.kept_at = now;
    }
}

void DeliveryGuard::hold_back(const AckToken& token) {
    const auto found = in_hand_.find(token.stream_seq);
    if (found != in_hand_.end()) {
        found->second.ack_waits = true;
    }
}

std::optional<InHand> DeliveryGuard::newest_in_hand(net::Moment now) {
    sweep(now);
    if (in_hand_.empty()) {
        return std::nullopt;
    }
    const auto& [seq, held] = *in_hand_.rbegin();
    return InHand{seq, held.stored_at_ns};
}

}  // namespace chatear::nats
