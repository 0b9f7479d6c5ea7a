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

    /// Also those of another number, whose file we got: a worker that does not come back.
    void adopt(InstanceFile file, const std::string& own_instance);

    bool empty() const { return instances_.empty() && flights_.empty() && adopted_.empty(); }
    const std::vector<LeftFlight>& flights() const { return flights_; }

    /// Tells each ledger what their flight recorders say, then declares them dead, so that their
    /// claims can be taken over; then removes the recorders. How many a ledger refused to hold:
    /// these stay under another name. Throws Unavailable: ask again. Once it has ended, nothing is
    /// left.
    asio::awaitable<std::size_t> settle(std::vector<Ledger*> ledgers, Registry& registry);

private:
    void add_flights(const std::string& base, const std::string& own_instance);
    static asio::awaitable<bool> tell(Ledger& ledger, const LeftFlight& left);
    static asio::awaitable<bool> tell_all(
        const std::vector<Ledger*>& ledgers, const LeftFlight& left
    );

    std::set<std::string> instances_;
    std::vector<LeftFlight> flights_;
    std::vector<InstanceFile> adopted_;  // Held until they are settled.
};

}  // namespace chatear::runtime
