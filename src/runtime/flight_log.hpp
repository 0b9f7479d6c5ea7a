#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// A content that had begun in a process, and whose verdict did not stand when the process died.
struct Flight {
    std::string subject;
    std::string event_id;
    std::uint32_t generation = 0;
    std::uint64_t claim_no = 0;
    bool accepted = false;  ///< Its effect happened; otherwise nobody knows.
    std::string words{};    ///< What the other side said when it accepted; may be cut short.
};

/// What a dead process's flight recorder says of the claims that it left behind.
struct FlightLog {
    std::string instance;
    std::string boot_id;  ///< Of the kernel under which it was written.
    std::vector<Flight> flights{};
    bool complete = false;  ///< The content of a claim without a flight has surely not begun.
};

/// The same log without the flights of other subjects.
FlightLog only_of(FlightLog log, std::string_view subject);

}  // namespace chatear::runtime
