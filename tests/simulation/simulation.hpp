#pragma once

#include "faulty_daily_limits.hpp"
#include "simulated_process.hpp"
#include "support/memory_daily_limits.hpp"

#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace chatear::simulation {

/// A world in which accounts are asked to be deleted and recovered, and in which everything fails
/// that can fail. Whoever lives in it is checked against the rules at every change; one seed is one
/// history.
class Simulation {
public:
    Simulation(std::uint64_t seed, const mail::Templates& templates);

    /// Lets things happen until so many steps were made.
    void run(std::uint64_t steps);

    /// All faults end, days pass: every deletion ends, or is held with its reason.
    void come_to_rest();

    /// What only the whole history shows.
    void check_history() const;

    std::uint64_t steps() const { return faults_.steps(); }
    std::size_t count(deletion::Status status) const;
    std::size_t crashes() const { return crashes_; }

private:
    static constexpr std::size_t user_count = 40;
    static constexpr std::size_t process_count = 3;
    static constexpr std::chrono::hours clock_jump{5};
    static constexpr std::size_t usual_calm = 25;
    static constexpr int deepest = 2;  // A runs, B runs in between, C in between of that.

    using Work = std::function<asio::awaitable<void>(SimulatedProcess&)>;

    void act();
    void let_others_run();
    void check_execution(const Deletion& row, const User& user);
    void check_notice(const Deletion& row) const;

    // What processes do.
    void some_process(const Work& work);
    void start_process(std::size_t place);
    void take_some_event();
    void recover_by_some_link();
    void some_pass();

    // What happens to them.
    void time_passes();
    void publish(deletion::RequestKind kind, const std::string& user_id);
    void somebody_asks(deletion::RequestKind kind);
    void somebody_asks_in_between();
    void somebody_asks_at_the_last_moment();
    void an_old_event_comes_back();
    void the_product_changes_a_user();
    void redis_has_trouble();
    void the_relay_changes_its_mood();
    void database_clock_changes();
    void operator_looks();
    void the_outbox_is_published();
    void another_systems_row_is_found();

    std::string some_user();
    std::string somebody_who_waits();
    std::string new_address(const std::string& user_id);

    Clocks clocks_;
    FaultPlan faults_;
    MemoryDatabase database_{clocks_};
    test::MemoryDailyLimits redis_;
    FaultyDailyLimits limits_{redis_, faults_};
    SimulatedRelay relay_{database_, faults_};
    SimulatedStream stream_;
    std::set<std::string> living_;
    Surroundings world_;
    std::vector<std::unique_ptr<SimulatedProcess>> processes_;
    std::deque<asio::io_context> contexts_;  // One for each depth.
    int depth_ = 0;
    std::size_t calm_ = usual_calm;  // So rarely others run in between.
    std::uint64_t last_name_ = 0;
    std::size_t crashes_ = 0;
    bool clock_is_ahead_ = false;
    std::map<std::string, Time> published_;   // The true time of every event.
    std::map<std::string, Time> vouched_;     // By an operator: of a deletion.
    std::map<std::string, int> executed_on_;  // Of a UTC day.
};

}  // namespace chatear::simulation
