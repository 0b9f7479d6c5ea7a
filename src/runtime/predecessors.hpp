#pragma once

#include "runtime/flight_file.hpp"
#include "runtime/instance_file.hpp"
#include "runtime/ledger.hpp"
#include "runtime/registry.hpp"

#include <boost/asio/awaitable.hpp>

#include <set>
#include <string>
#include <vector>

namespace chatear::runtime {

/// The processes that held our locked file before us and did not end in good order (rule 7), with
/// what their flight recorders say of contents under way when they died.
class Predecessors {
public:
    Predecessors() = default;

    /// Those of the file that we hold under the name of `own_instance`. Says in the log what it
    /// found, and which flight recorder cannot be used.
    static Predecessors of(const InstanceFile& file, const std::string& own_instance);

    bool empty() const { return instances_.empty() && flights_.empty(); }
    const std::vector<LeftFlight>& flights() const { return flights_; }

    /// Tells each ledger what their flight recorders say, then declares them dead, so that their
    /// claims can be taken over; then removes the recorders. Throws Unavailable: ask again. Once it
    /// has ended, nothing is left to be settled.
    asio::awaitable<void> settle(std::vector<Ledger*> ledgers, Registry& registry);

private:
    static asio::awaitable<void> tell(Ledger& ledger, const LeftFlight& left);

    std::set<std::string> instances_;
    std::vector<LeftFlight> flights_;
};

}  // namespace chatear::runtime
