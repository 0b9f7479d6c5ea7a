#include "deletion/intake_order.hpp"

namespace chatear::deletion {

Order order_of(
    const Request& deletion, const RequestFacts& facts, const std::optional<ClockOffset>& offset
) {
    // One that was not published is asked for now, behind every recovery that is known.
    if (!deletion.published_at) {
        return Order::recovery_first;
    }
    const Time published = *deletion.published_at;
    if (facts.last_recovery_published && published <= *facts.last_recovery_published) {
        return Order::deletion_first;
    }
    if (!facts.last_recovery_received) {
        return Order::recovery_first;
    }
    if (!offset) {
        return Order::unknown;
    }
    // NATS's clock is ahead of the database's by `least` to `most`.
    if (published - offset->least <= *facts.last_recovery_received) {
        return Order::deletion_first;
    }
    return published - offset->most > *facts.last_recovery_received ? Order::recovery_first
                                                                    : Order::unknown;
}

}  // namespace chatear::deletion
