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

    /// Those of the file that we hold under the name of `own_instance`.
    Predecessors(const InstanceFile& file, std::string own_instance);

    /// Also those of the same worker in other files of the folder that nobody holds: a worker that
    /// does not come back.
    void with_orphans_of(std::string worker) { worker_ = std::move(worker); }

    /// Looks for their flight recorders, says in the log what it found, and tells each ledger what
    /// they say, then declares them dead, so that their claims can be taken over; then removes the
    /// recorders. How many a ledger refused to hold: these stay under another name. Throws
    /// Unavailable: ask again. Once it has ended, nothing is left.
    asio::awaitable<std::size_t> settle(std::vector<Ledger*> ledgers, Registry& registry);

private:
    void look();
    void adopt_orphans();
    void add_flights(const std::string& base);
    static asio::awaitable<bool> tell(Ledger& ledger, const LeftFlight& left);
    static asio::awaitable<bool> tell_all(
        const std::vector<Ledger*>& ledgers, const LeftFlight& left
    );

    std::string base_;
    std::string own_instance_;
    std::string worker_;  // Whose orphans; empty = nobody's.
    bool looked_ = false;
    std::set<std::string> instances_;
    std::vector<LeftFlight> flights_;
    std::vector<InstanceFile> adopted_;  // Held until they are settled.
};

}  // namespace chatear::runtime
