#include "producer.hpp"

#include <fmt/format.h>

namespace chatear::simulation {
namespace {

std::string payload_of(const PlannedEvent& event, const std::string& recipient) {
    const std::string id = event.id.empty() ? "" : fmt::format(R"("event_id":"{}",)", event.id);
    return fmt::format(
        R"({{{}"recipient":"{}@b.test","subject":"{}","body":"Hello."}})", id, recipient, event.tag
    );
}

}  // namespace

std::vector<PlannedEvent> plan_events(const Plan& plan, Timeline& timeline) {
    static constexpr const char* recipients[] = {"ann", "bob"};
    std::vector<PlannedEvent> events;
    for (std::size_t n = 0; n < plan.events; ++n) {
        PlannedEvent event;
        event.tag = fmt::format("e{}", n);
        event.at = timeline.draw(0us, plan.storm * 3 / 4);
        event.poison = timeline.chance(plan.poison);
        event.by_outbox = timeline.chance(plan.by_outbox);
        event.twice = timeline.chance(plan.twice);
        const bool has_id = event.twice || event.by_outbox || !timeline.chance(plan.without_id);
        event.id = has_id ? "id-" + event.tag : "";
        std::string recipient = recipients[timeline.pick(2)];
        if (timeline.chance(plan.refused)) {
            event.hopeless = true;
            recipient = "nobody";
        }
        if (!events.empty() && timeline.chance(plan.conflict)) {
            const PlannedEvent& other = events[timeline.pick(events.size())];
            if (!other.id.empty() && other.first.empty() && !other.poison && !other.hopeless) {
                event.id = other.id;
                event.first = other.tag;
                event.poison = event.hopeless = false;
                recipient = "ann";
            }
        }
        event.payload = payload_of(event, recipient);
        if (event.first.empty() && timeline.chance(plan.malformed)) {
            // Nobody can read its id.
            event.hopeless = true;
            event.poison = event.by_outbox = event.twice = false;
            event.id.clear();
            event.payload = R"({"subject":")" + event.tag + "\"}";
        }
        events.push_back(std::move(event));
    }
    return events;
}

}  // namespace chatear::simulation
