#include "admin/checks.hpp"
#include "admin/state_folder.hpp"
#include "runtime/settings.hpp"

#include <fmt/format.h>

namespace chatear::admin {
namespace {

/// How many of its processes live.
std::size_t look_at(const StatePlace& place, Findings& findings) {
    std::size_t living = 0;
    for (const runtime::LeftFlight& flight : place.flights) {
        if (flight.living) {
            ++living;
            continue;
        }
        if (!flight.log) {
            findings.warning(
                fmt::format("{} cannot be used: {}", flight.path, flight.log.error().message),
                "the claims of its process are taken over as in doubt; start its worker again"
            );
            continue;
        }
        findings.warning(
            fmt::format(
                "a process died and has no successor; {} contents were under way ({})",
                flight.log->flights.size(),
                flight.path
            ),
            "start its worker again, or: chatear flights settle"
        );
    }
    return living;
}

}  // namespace

asio::awaitable<void> check_state(Tool& tool, std::shared_ptr<Findings> findings) {
    const std::string folder = tool.settings(runtime::read_settings).state_dir;
    if (folder.empty()) {
        findings->ok("STATE_DIR is not set here: nothing to look at");
        co_return;
    }
    const Result<std::vector<StatePlace>> places = read_state_folder(folder);
    if (!places) {
        findings->warning(
            places.error().message, "workers make it when they start; run doctor as their user"
        );
        co_return;
    }
    std::size_t living = 0;
    for (const StatePlace& place : *places) {
        living += look_at(place, *findings);
    }
    findings->ok(fmt::format("{} processes work in {}", living, folder));
}

}  // namespace chatear::admin
