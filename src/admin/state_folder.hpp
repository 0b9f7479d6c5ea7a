#pragma once

#include "base/result.hpp"
#include "runtime/flight_file.hpp"

#include <boost/json.hpp>

#include <string>
#include <vector>

namespace chatear::admin {

/// A worker's place in STATE_DIR: its locked file, and the flight recorders of whoever had it.
struct StatePlace {
    std::string base;  ///< As runtime::InstanceFile::base().
    std::vector<runtime::LeftFlight> flights;
};

/// All of a folder. An Error names it.
Result<std::vector<StatePlace>> read_state_folder(const std::string& folder);

/// What one recorder says in sums: file, process, accepted, in_doubt, complete, problem.
boost::json::object summary_of(const runtime::LeftFlight& flight);

/// Each of its contents: subject, event_id, generation, accepted, words.
boost::json::array contents_of(const runtime::FlightLog& log);

}  // namespace chatear::admin
