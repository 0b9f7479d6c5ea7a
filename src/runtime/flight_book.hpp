#pragma once

#include "base/result.hpp"
#include "runtime/flight_log.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace chatear::runtime {

/// The flight recorder's pages: which contents this process has under way, in memory that survives
/// it (FlightFile). Each call is a few stores, in such an order that a process which is killed
/// between any two of them leaves a book that is right. Pure; one thread.
class FlightBook {
public:
    /// Where a content stands in the book; keep it until end().
    class Place {
    public:
        Place() = default;

    private:
        friend class FlightBook;
        explicit Place(std::uint32_t index) : index_(index) {}
        std::uint32_t index_ = 0;
    };

    /// How much memory a book of so many places needs.
    static std::size_t bytes_for(std::size_t places);

    /// Begins a book in `memory`, which outlives it, is aligned as for any object, all zero, and of
    /// bytes_for(0) at least. Names that are longer than 63 bytes are cut.
    FlightBook(std::span<std::byte> memory, std::string_view instance, std::string_view boot_id);

    /// A content is about to leave. When every place is taken, or the names are too long for one,
    /// the book only counts it, and is not complete until it has ended.
    Place begin(
        std::string_view subject,
        std::string_view event_id,
        std::uint32_t generation,
        std::uint64_t claim_no
    );

    /// The other side has taken it, with these words.
    void accept(Place place, std::string_view words);

    /// Its verdict stands, or it was surely not taken: it needs to be known no longer.
    void end(Place place);

    /// Reads what a process left behind. An Error says what is wrong with the bytes, which may be
    /// any; of a process that died while it wrote its first page there is nothing to know.
    static Result<FlightLog> read(std::span<const std::byte> memory);

private:
    struct Header;
    struct Page;
    static constexpr std::uint32_t unrecorded = UINT32_MAX;

    Header& header() const;
    Page& page(std::uint32_t index) const;
    static Result<Flight> flight_of(const Page& page);

    std::span<std::byte> memory_;
    std::vector<std::uint32_t> free_;
};

}  // namespace chatear::runtime
