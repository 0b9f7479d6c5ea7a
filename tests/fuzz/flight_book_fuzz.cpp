// A flight recorder's file may hold any bytes: reading it gives an Error or a log whose every text
// lies within the file, and a book that was written is read as it was meant.
#include "runtime/flight_book.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

namespace {

using chatear::runtime::FlightBook;

void read_any(std::span<const std::byte> bytes) {
    const auto log = FlightBook::read(bytes);
    if (!log) {
        return;
    }
    std::size_t text = log->instance.size() + log->boot_id.size();
    for (const auto& flight : log->flights) {
        text += flight.subject.size() + flight.event_id.size() + flight.words.size();
    }
    if (text > bytes.size()) {
        std::abort();
    }
}

/// One content with names cut from the input.
void round_trip(const std::string& input) {
    std::vector<std::byte> memory(FlightBook::bytes_for(1));
    FlightBook book(memory, "i", "b");
    const std::size_t half = input.size() / 2;
    const std::string subject = input.substr(0, half);
    const std::string id = input.substr(half);
    const FlightBook::Place place = book.begin(subject, id, 7, 9);
    book.accept(place, input);
    const auto log = FlightBook::read(memory);
    const bool fits = log && log->complete;
    if (!log || log->flights.size() != (fits ? 1U : 0U)) {
        std::abort();
    }
    if (fits && (log->flights[0].subject != subject || log->flights[0].event_id != id ||
                 !input.starts_with(log->flights[0].words))) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string input(reinterpret_cast<const char*>(data), size);
    read_any(std::as_bytes(std::span(input)));
    round_trip(input);
    return 0;
}
