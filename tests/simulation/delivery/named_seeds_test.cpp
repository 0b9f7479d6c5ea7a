// Worlds that broke a promise once, by the name of what was wrong.
#include "simulation_fixture.hpp"

namespace chatear::simulation {
namespace {

using NamedSeeds = DeliverySimulation;

/// A process died with an event that ran alone, and its successor came to a verdict without running
/// it alone (a Hold), or died before it had cleared the row in `suspects`: it stayed there for
/// ever, and would have counted as a crash of the event's replay.
TEST_F(NamedSeeds, NoSuspectIsLeftBehind) {
    run(70);
    EXPECT_GT(all_.crashes, 0U);
}

}  // namespace
}  // namespace chatear::simulation
