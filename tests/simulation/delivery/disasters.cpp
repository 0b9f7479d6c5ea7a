// What goes wrong in a world while its storm lasts.
#include "world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace chatear::simulation {

void World::schedule_disasters() {
    for (std::size_t n = 0; n < plan_.disasters; ++n) {
        timeline_.after(timeline_.draw(0us, plan_.storm), [this] { disaster(); });
    }
    timeline_.after(plan_.storm, [this] { clear_up(); });
}

void World::disaster() {
    if (clear_) {
        return;
    }
    Machine& machine = machines_[timeline_.pick(machines_.size())];
    const double weights[] = {
        plan_.crash, plan_.stop, plan_.freeze, plan_.outage, plan_.partition, plan_.forget_acks};
    double all = 0;
    for (const double weight : weights) {
        all += weight;
    }
    double drawn =
        all * static_cast<double>(timeline_.pick(std::uint64_t{1}, std::uint64_t{1000})) / 1000;
    std::size_t which = 0;
    while (which < std::size(weights) && drawn > weights[which]) {
        drawn -= weights[which++];
    }
    switch (all > 0 ? which : std::size(weights)) {
        case 0:
            return crash(machine);
        case 1:
            return stop(machine);
        case 2:
            return freeze(machine);
        case 3:
            return outage();
        case 4:
            return partition(machine);
        case 5:
            return jetstream_.forget_acks();
        default:
            return;
    }
}

void World::crash(Machine& machine) {
    if (machine.process && machine.process->frozen) {
        kill(machine);
    } else if (machine.process && !machine.process->fuse) {
        machine.process->fuse = timeline_.pick(std::uint64_t{0}, std::uint64_t{40});
    }
}

void World::kill(Machine& machine) {
    ++figures_.crashes;
    timeline_.tell(machine.process->instance(), "is dead");
    restart_later(machine, true);
}

void World::stop(Machine& machine) {
    if (machine.process && !machine.process->stopping()) {
        ++figures_.stops;
        machine.process->begin_stop();
    }
}

void World::freeze(Machine& machine) {
    if (!machine.process || machine.process->frozen) {
        return;
    }
    ++figures_.freezes;
    timeline_.tell(machine.process->instance(), "stands still");
    machine.process->frozen = true;
    const std::string instance = machine.process->instance();
    timeline_.after(timeline_.draw(1s, 80s), [this, &machine, instance] {
        if (machine.process && machine.process->instance() == instance) {
            timeline_.tell(instance, "goes on");
            machine.process->frozen = false;
        }
    });
}

void World::outage() {
    Server* const servers[] = {
        &database_.server, &jetstream_.server, &mail_.server, &limits_.server};
    Server& server = *servers[timeline_.pick(std::size(servers))];
    if (server.down) {
        return;
    }
    ++figures_.outages;
    timeline_.tell(server.name, "is down");
    server.down = true;
    timeline_.after(timeline_.draw(500ms, 60s), [this, &server] {
        timeline_.tell(server.name, "is up");
        server.down = false;
        jetstream_.pump();
    });
}

void World::partition(Machine& machine) {
    if (!machine.process) {
        return;
    }
    const std::string instance = machine.process->instance();
    ++figures_.outages;
    const std::size_t which = timeline_.pick(machine.process->wires().size());
    timeline_.tell(instance, "is cut off from " + machine.process->wires()[which]->server().name);
    machine.process->wires()[which]->cut = true;
    timeline_.after(timeline_.draw(500ms, 80s), [this, &machine, instance, which] {
        if (machine.process && machine.process->instance() == instance) {
            machine.process->wires()[which]->cut = false;
            jetstream_.pump();
        }
    });
}

/// All that is broken mends itself in its own time; nothing new breaks from now on.
void World::clear_up() {
    timeline_.tell("world", "clears up");
    clear_ = true;
    plan_.weather.clear_up();
}

}  // namespace chatear::simulation
