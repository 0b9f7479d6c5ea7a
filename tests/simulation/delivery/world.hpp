#pragma once

#include "figures.hpp"
#include "history.hpp"
#include "mail/templates.hpp"
#include "process.hpp"
#include "producer.hpp"
#include "timeline.hpp"
#include "weather.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace chatear::simulation {

/// One seed's world: servers, machines with a process each, producers, and a storm in which
/// everything goes wrong that its plan has. After it the world must come to rest, with every
/// promise kept.
class World {
public:
    World(std::uint64_t seed, const mail::Templates& templates, bool read_aloud = false);

    /// Lives until nothing is left to do. What is broken, or nothing.
    std::optional<std::string> run();

    const Story& story() const { return timeline_.story; }
    const History& history() const { return history_; }
    const Figures& figures() const { return figures_; }

private:
    /// Where a process runs, and after its end the next one.
    struct Machine {
        std::string name;
        microseconds clock_offset{};
        std::unique_ptr<Process> process;
        std::vector<std::string> dead;  ///< Known to be, by the locked file.
        std::uint64_t starts = 0;
    };

    // The world's course.
    void schedule_events();
    void publish(const PlannedEvent& event);
    void start_machines();
    void start(Machine& machine);
    void restart_later(Machine& machine, bool died);
    bool step_processes();
    void look_after(Machine& machine);
    std::string unrest() const;

    // What goes wrong (disasters.cpp).
    void schedule_disasters();
    void disaster();
    void crash(Machine& machine);
    void kill(Machine& machine);
    void stop(Machine& machine);
    void freeze(Machine& machine);
    void outage();
    void partition(Machine& machine);
    void clear_up();

    // What must hold in the end (promises.cpp).
    void check_end();
    void check_copies();
    void check_event(const std::string& id, bool hopeless, bool poison);
    void count_end(const test::LedgerRows::Row& row, bool overtaken);
    void check_attempts(const std::string& id, const test::LedgerRows::Row& row, bool may_fail);
    void check_conflict(const PlannedEvent& event);
    std::size_t dead_letters_of(const std::string& id) const;
    std::size_t told_of(const std::string& id) const;

    Timeline timeline_;
    Plan plan_;
    History history_;
    SimulatedJetStream jetstream_;
    SimulatedDatabase database_;
    SimulatedMailServer mail_;
    SimulatedLimits::Shared limits_;
    std::vector<PlannedEvent> events_;
    Surroundings surroundings_;
    std::size_t published_ = 0;
    Figures figures_;
    bool clear_ = false;
    std::vector<Machine> machines_;
};

}  // namespace chatear::simulation
