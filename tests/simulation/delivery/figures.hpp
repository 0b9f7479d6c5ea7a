#pragma once

#include <cstdint>
#include <string>

namespace chatear::simulation {

/// What happened in one world, or in many.
struct Figures {
    std::uint64_t worlds = 0;
    std::uint64_t handlers = 0;  ///< That io_contexts ran.
    std::uint64_t crashes = 0;
    std::uint64_t stops = 0;
    std::uint64_t freezes = 0;
    std::uint64_t outages = 0;  ///< Of a server, or of one process's way to it.
    std::uint64_t events = 0;   ///< With an end in the ledger, of these:
    std::uint64_t sent = 0;
    std::uint64_t failed = 0;
    std::uint64_t held = 0;     ///< As ambiguous.
    std::uint64_t blamed = 0;   ///< Killed processes while they ran alone.
    std::uint64_t refused = 0;  ///< By JetStream, for their own sake.
    std::uint64_t conflicts = 0;
    std::uint64_t mails = 0;
    std::uint64_t second_copies = 0;
    std::uint64_t told_by_recorders = 0;  ///< Contents that a dead process had accepted.
    std::uint64_t overtaken = 0;          ///< Taken over from a process that lived.
    std::uint64_t attempts = 0;
    std::uint64_t generations = 0;
    std::uint64_t longest_rest_s = 0;  ///< From the storm's end until all was quiet.

    void add(const Figures& more);
    std::string text() const;
};

}  // namespace chatear::simulation
