#include "weather.hpp"

namespace chatear::simulation {
namespace {

/// Up to `most`, or, as often as not, never.
double sometimes(Timeline& timeline, double most) {
    return timeline.chance(0.5) ? most * static_cast<double>(timeline.pick(1, 10)) / 10 : 0;
}

Weather draw_weather(Timeline& timeline) {
    Weather weather;
    weather.lost_call = sometimes(timeline, 0.2);
    weather.slow_call = sometimes(timeline, 0.1);
    weather.lost_ack = sometimes(timeline, 0.4);
    weather.duplicate = sometimes(timeline, 0.4);
    weather.reorder = sometimes(timeline, 1);
    weather.stream_refuses = sometimes(timeline, 0.3);
    weather.mail_later = sometimes(timeline, 0.3);
    weather.mail_lost = sometimes(timeline, 0.3);
    weather.mail_busy = sometimes(timeline, 0.5);
    weather.mail_slow = sometimes(timeline, 0.3);
    return weather;
}

/// One disaster into another: what it takes to lose what two processes disagree about.
void make_wild(Plan& plan, Timeline& timeline) {
    plan.processes = timeline.pick(2, 3);
    plan.disasters = timeline.pick(15, 40);
    plan.storm = timeline.draw(100s, 300s);
    plan.crash = 1;
    plan.freeze = 1;
    plan.partition = 1;
}

}  // namespace

Plan draw_plan(Timeline& timeline) {
    Plan plan;
    plan.processes = timeline.pick(1, 3);
    plan.events = timeline.pick(3, 20);
    plan.storm = timeline.draw(20s, 150s);
    plan.disasters = timeline.chance(0.1) ? 0 : timeline.pick(1, 9);
    plan.crash = sometimes(timeline, 1);
    plan.stop = sometimes(timeline, 0.5);
    plan.freeze = sometimes(timeline, 0.7);
    plan.outage = sometimes(timeline, 1);
    plan.partition = sometimes(timeline, 1);
    plan.forget_acks = sometimes(timeline, 0.3);
    if (timeline.chance(0.1)) {
        make_wild(plan, timeline);
    }
    plan.twice = sometimes(timeline, 0.3);
    plan.conflict = sometimes(timeline, 0.2);
    plan.without_id = sometimes(timeline, 0.3);
    plan.poison = timeline.chance(0.3) ? 0.1 : 0;
    plan.refused = sometimes(timeline, 0.2);
    plan.malformed = sometimes(timeline, 0.1);
    plan.by_outbox = sometimes(timeline, 0.3);
    plan.too_large = sometimes(timeline, 0.2);
    plan.for_later = sometimes(timeline, 0.2);
    plan.burst = timeline.chance(0.4);
    plan.hold = timeline.chance(0.25);
    plan.limits = timeline.chance(0.3);
    plan.shutdown_timeout = milliseconds(timeline.pick(500, 20'000));
    plan.max_attempts = static_cast<std::uint32_t>(timeline.pick(2, 5));
    plan.concurrency = timeline.pick(1, 12);
    plan.max_ack_pending = timeline.chance(0.3) ? timeline.pick(4, 8) : 1000;
    plan.flights = plan.concurrency % 5 == 0 ? 1 : plan.concurrency;  // Sometimes too few.
    plan.clocks_differ = timeline.chance(0.5);
    plan.weather = draw_weather(timeline);
    return plan;
}

}  // namespace chatear::simulation
