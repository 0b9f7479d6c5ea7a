#include "admin/state_folder.hpp"

#include "postgres/storable_text.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

namespace chatear::admin {

Result<std::vector<StatePlace>> read_state_folder(const std::string& folder) {
    const Result<std::vector<std::string>> bases = runtime::find_bases(folder);
    if (!bases) {
        return bases.error();
    }
    std::vector<StatePlace> places;
    for (const std::string& base : *bases) {
        StatePlace place;
        place.base = base;
        place.flights = runtime::find_left_flights(base, "");
        places.push_back(std::move(place));
    }
    return places;
}

boost::json::object summary_of(const runtime::LeftFlight& flight) {
    boost::json::object row;
    row["file"] = std::filesystem::path(flight.path).filename().string();
    row["process"] = flight.living ? "alive" : "dead";
    if (!flight.log) {
        row["problem"] = flight.log.error().message;
        return row;
    }
    const auto& flights = flight.log->flights;
    const auto accepted =
        std::count_if(flights.begin(), flights.end(), [](const runtime::Flight& content) {
            return content.accepted;
        });
    row["accepted"] = accepted;
    row["in_doubt"] = static_cast<std::int64_t>(flights.size()) - accepted;
    row["complete"] = flight.log->complete;
    return row;
}

boost::json::array contents_of(const runtime::FlightLog& log) {
    boost::json::array rows;
    for (const runtime::Flight& flight : log.flights) {
        rows.push_back(
            {{"subject", postgres::storable_text(flight.subject)},
             {"event_id", postgres::storable_text(flight.event_id)},
             {"generation", flight.generation},
             {"accepted", flight.accepted},
             {"words", postgres::storable_text(flight.words)}}
        );
    }
    return rows;
}

}  // namespace chatear::admin
