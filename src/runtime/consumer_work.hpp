#pragma once

#include "net/moment.hpp"
#include "runtime/consumer.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace chatear::runtime {

/// What one delivery goes through. Private to the Consumer's own files.
struct Consumer::Work {
    nats::AckToken ack;
    std::size_t bytes = 0;
    std::shared_ptr<const Event> event;
    std::shared_ptr<const void> value;
    std::optional<Outcome> known;  ///< What cannot be handled at all is rejected without a handler.
    std::shared_ptr<Delivery::State> state;
    InHand* in_hand = nullptr;  ///< Of its key; set before it is worked on.
    std::uint64_t claim_no =
        0;                    ///< The same in all its claims: an answer may have got lost (rule 6).
    bool probes = false;      ///< It goes first behind a closed brake.
    bool in_handler = false;  ///< Who met the Unavailable: its handler, or the claim before it.
    bool outage_noted = false;  ///< Its content met an outage, which its outcome does not tell.
    std::optional<Turnstile::Place> alone;  ///< Rule 19; kept until its verdict stands.
    UnavailableMeetings meetings;
    net::Moment began = net::now();
};

}  // namespace chatear::runtime
