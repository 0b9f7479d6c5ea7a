#include "nats/delivery_guard.hpp"

#include "base/utc.hpp"

#include <algorithm>

namespace chatear::nats {

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

/// A message that is gone was acknowledged, or never was in this store: the consumer knows.
bool DeliveryGuard::is_older(const StoreEvidence& evidence) const {
    if (newest_seq_ == 0) {
        return false;
    }
    if (evidence.newest_stored_at) {
        const std::chrono::nanoseconds ours(newest_stored_at_ns_);
        return *evidence.newest_stored_at != Time(std::chrono::floor<Time::duration>(ours));
    }
    return evidence.last_seq < newest_seq_ || evidence.delivered_seq < newest_seq_;
}

bool DeliveryGuard::verified(const Incarnation& found, const StoreEvidence& evidence) {
    in_doubt_ = false;
    // Leaders and servers may count on from less than they had told: a new start for both.
    last_consumer_seq_ = 0;
    highest_stream_seq_ = 0;
    highest_stored_at_ns_ = 0;
    const bool same = incarnation_ && incarnation_->same_as(found) && !is_older(evidence);
    incarnation_ = found;
    if (same) {
        return false;
    }
    newest_seq_ = 0;
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
    if (delivery.stream_seq > newest_seq_) {
        newest_seq_ = delivery.stream_seq;
        newest_stored_at_ns_ = delivery.stored_at_ns;
    }
    return true;
}

}  // namespace chatear::nats
