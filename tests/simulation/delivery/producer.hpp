#pragma once

#include "timeline.hpp"
#include "weather.hpp"

#include <string>
#include <vector>

namespace chatear::simulation {

/// The body of what JetStream refuses from a relay for its own sake.
inline constexpr const char* too_large_body = "Too large.";

/// An event that a producer publishes. Its tag is its subject line, by which all others know it.
struct PlannedEvent {
    std::string tag;
    std::string id;  ///< Empty: it has none, and gets one from its place in the stream.
    std::string payload;
    std::string first;      ///< The tag of the event whose id it uses with another content, if any.
    bool poison = false;    ///< Kills the process that handles it.
    bool hopeless = false;  ///< Its recipient does not exist, or it is no e-mail at all.
    bool by_outbox = false;  ///< Published in a producer's transaction.
    bool too_large = false;  ///< To come back.
    bool twice = false;
    microseconds at{};
};

std::vector<PlannedEvent> plan_events(const Plan& plan, Timeline& timeline);

}  // namespace chatear::simulation
