#include "world.hpp"

#include <fmt/format.h>

namespace chatear::simulation {
namespace {

constexpr microseconds patience = 30min;  // From the storm's end until all must be quiet.

microseconds skew(Timeline& timeline, bool differ) {
    return differ ? timeline.draw(-6h, 6h) : microseconds(0);
}

runtime::LedgerTable table_of(const Plan& plan) {
    runtime::LedgerTable table = notification::email_ledger();
    table.keeps_content_at = plan.hold;
    return table;
}

}  // namespace

World::World(std::uint64_t seed, const mail::Templates& templates, bool read_aloud)
    : timeline_(seed),
      plan_(draw_plan(timeline_)),
      history_(timeline_),
      jetstream_(
          timeline_, plan_.weather, plan_.max_ack_pending, skew(timeline_, plan_.clocks_differ)
      ),
      database_(timeline_, history_, table_of(plan_)),
      mail_(history_),
      limits_(database_, Rate{3, 10s}),
      events_(plan_events(plan_, timeline_)),
      surroundings_{
          timeline_, plan_, history_, jetstream_, database_, mail_, limits_, templates, {}, {}} {
    if (read_aloud) {
        timeline_.story.read_aloud();
    }
    database_.on_outbox = [this] {
        for (const Machine& machine : machines_) {
            if (machine.process && timeline_.chance(0.8)) {
                machine.process->wake_relay();
            }
        }
    };
    schedule_events();
    start_machines();
    schedule_disasters();
}

void World::schedule_events() {
    for (const PlannedEvent& event : events_) {
        surroundings_.ids[event.tag] = event.id;
        if (event.poison) {
            surroundings_.poison.insert(event.tag);
        }
        timeline_.after(event.at, [this, &event] { publish(event); });
        if (event.twice) {
            timeline_.after(event.at + timeline_.draw(0s, 20s), [this, &event] { publish(event); });
        }
        published_ += event.twice ? 2 : 1;
    }
}

void World::publish(const PlannedEvent& event) {
    --published_;
    timeline_.tell("producer", fmt::format("publishes {} {}", event.tag, event.id));
    if (event.by_outbox) {
        runtime::OutboxRow row;
        row.subject = "email.send";
        row.payload = event.payload;
        database_.tables.outbox.insert(std::move(row), database_.now());
        database_.on_outbox();
        return;
    }
    const std::string by_place = jetstream_.publish_event(event.payload, {});
    if (event.id.empty()) {
        surroundings_.ids[event.tag] = by_place;
    }
}

void World::start_machines() {
    for (std::size_t n = 0; n < plan_.processes; ++n) {
        Machine& machine = machines_.emplace_back();
        machine.name = fmt::format("w{}", n + 1);
        machine.clock_offset = skew(timeline_, plan_.clocks_differ);
    }
    for (Machine& machine : machines_) {
        start(machine);
    }
}

void World::start(Machine& machine) {
    const std::string instance = fmt::format("{}.{}", machine.name, ++machine.starts);
    machine.process = std::make_unique<Process>(
        surroundings_, instance, machine.clock_offset, std::exchange(machine.dead, {})
    );
    machine.process->start();
}

void World::restart_later(Machine& machine, bool died) {
    if (died && timeline_.chance(0.5)) {
        machine.dead = machine.process->predecessors();
        machine.dead.push_back(machine.process->instance());
    }
    machine.process.reset();
    timeline_.after(timeline_.draw(50ms, 25s), [this, &machine] { start(machine); });
}

std::optional<std::string> World::run() {
    figures_.worlds = 1;
    while (!history_.broken()) {
        if (step_processes()) {
            continue;
        }
        if (clear_ && unrest().empty()) {
            const microseconds rest = timeline_.passed() - plan_.storm;
            figures_.longest_rest_s = static_cast<std::uint64_t>(rest / 1s);
            check_end();
            break;
        }
        const bool moves = timeline_.advance();
        if (!moves || timeline_.passed() > plan_.storm + patience) {
            history_.violation("it does not come to rest: " + unrest());
        }
    }
    return history_.broken();
}

/// Lets one process run one handler; false when none has anything to do now.
bool World::step_processes() {
    const std::size_t first = machines_.size() > 1 ? timeline_.pick(machines_.size()) : 0;
    for (std::size_t n = 0; n < machines_.size(); ++n) {
        Machine& machine = machines_[(first + n) % machines_.size()];
        if (machine.process && !machine.process->frozen && machine.process->step()) {
            ++figures_.handlers;
            look_after(machine);
            return true;
        }
    }
    return false;
}

/// Ends the process where its time has come.
void World::look_after(Machine& machine) {
    Process& process = *machine.process;
    const bool burnt = process.fuse && (*process.fuse)-- == 0;
    if (process.doomed() || burnt) {
        kill(machine);
    } else if (process.ended()) {
        restart_later(machine, !process.released());
    }
}

/// Empty once nothing is left to do.
std::string World::unrest() const {
    for (const Machine& machine : machines_) {
        if (!machine.process || machine.process->stopping()) {
            return machine.name + " has no process";
        }
        if (machine.process->status().in_hand > 0) {
            return machine.name + " has events in hand";
        }
    }
    if (published_ > 0 || jetstream_.unacknowledged() > 0) {
        return "events wait in the stream";
    }
    for (const auto& [id, row] : database_.tables.outbox.rows) {
        if (row.refused_reason.empty()) {
            return id + " waits in the outbox";
        }
    }
    for (const auto& [key, row] : database_.tables.ledger.rows) {
        using Status = runtime::LedgerStatus;
        if (row.status != Status::done && row.status != Status::failed &&
            row.status != Status::ambiguous) {
            return key.second + " has no end in the ledger";
        }
    }
    for (const auto& [key, row] : database_.tables.suspects.rows) {
        return key.second + " is still a suspect";
    }
    return {};
}

}  // namespace chatear::simulation
