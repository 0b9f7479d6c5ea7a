#include "producer.hpp"

#include "base/utc.hpp"

#include <fmt/format.h>

#include <optional>

namespace chatear::simulation {
namespace {

std::string payload_of(
    const PlannedEvent& event, const std::string& recipient, std::optional<Time> send_at
) {
    const std::string when =
        send_at ? fmt::format(R"("send_at":"{}",)", format_time(*send_at)) : std::string();
    const std::string id = event.id.empty() ? "" : fmt::format(R"("event_id":"{}",)", event.id);
    return fmt::format(
        R"({{{}{}"recipient":"{}@b.test","subject":"{}","body":"{}"}})",
        id,
        when,
        recipient,
        event.tag,
        event.too_large ? too_large_body : "Hello."
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
        if (plan.burst && timeline.chance(0.8)) {
            event.at = plan.storm / 4;
        }
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
        event.too_large = !event.by_outbox && timeline.chance(plan.too_large);
        std::optional<Time> send_at;
        if (timeline.chance(plan.for_later)) {
            send_at = timeline.civil() + event.at + timeline.draw(1s, 30s);
        }
        event.payload = payload_of(event, recipient, send_at);
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
