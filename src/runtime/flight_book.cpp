#include "runtime/flight_book.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>
#include <utility>

namespace chatear::runtime {
namespace {

constexpr std::array<char, 8> magic = {'C', 'H', 'T', 'R', 'F', 'L', 'T', '1'};
constexpr std::size_t text_bytes = 1000;
constexpr std::size_t words_at_least = 200;  // Of what the other side said.

constexpr std::uint32_t is_free = 0;
constexpr std::uint32_t begun = 1;
constexpr std::uint32_t accepted = 2;

/// All stores before it are done when it is: the process may be killed at any instruction.
void publish(std::uint32_t& word, std::uint32_t value) {
    std::atomic_ref<std::uint32_t>(word).store(value, std::memory_order_release);
}

template <std::size_t size>
void write_name(std::array<char, size>& to, std::string_view name) {
    to.fill('\0');
    std::copy_n(name.begin(), std::min(name.size(), size - 1), to.begin());
}

template <std::size_t size>
std::string read_name(const std::array<char, size>& from) {
    return std::string(from.begin(), std::find(from.begin(), from.end(), '\0'));
}

}  // namespace

struct FlightBook::Header {
    std::array<char, 8> magic;
    std::uint32_t places;
    std::uint32_t unrecorded;  // Contents under way that have no page.
    std::array<char, 64> instance;
    std::array<char, 64> boot_id;
};

struct FlightBook::Page {
    std::uint32_t state;
    std::uint32_t generation;
    std::uint64_t claim_no;
    std::uint16_t subject_bytes;
    std::uint16_t id_bytes;
    std::uint16_t words_bytes;
    std::uint16_t unused;
    std::array<char, text_bytes> text;  // Subject, id, words.
};

std::size_t FlightBook::bytes_for(std::size_t places) {
    return sizeof(Header) + places * sizeof(Page);
}

FlightBook::FlightBook(
    std::span<std::byte> memory, std::string_view instance, std::string_view boot_id
)
    : memory_(memory) {
    CHATEAR_ASSERT(memory.size() >= sizeof(Header));
    Header& head = header();
    head.places = static_cast<std::uint32_t>((memory.size() - sizeof(Header)) / sizeof(Page));
    write_name(head.instance, instance);
    write_name(head.boot_id, boot_id);
    for (std::uint32_t index = head.places; index > 0; --index) {
        free_.push_back(index - 1);
    }
    std::atomic_signal_fence(std::memory_order_release);
    head.magic = magic;  // Last: without it there is no book.
}

FlightBook::Header& FlightBook::header() const {
    return *reinterpret_cast<Header*>(memory_.data());
}

FlightBook::Page& FlightBook::page(std::uint32_t index) const {
    return *reinterpret_cast<Page*>(memory_.data() + bytes_for(index));
}

FlightBook::Place FlightBook::begin(
    std::string_view subject,
    std::string_view event_id,
    std::uint32_t generation,
    std::uint64_t claim_no
) {
    if (free_.empty() || subject.size() + event_id.size() + words_at_least > text_bytes) {
        publish(header().unrecorded, header().unrecorded + 1);
        return Place(unrecorded);
    }
    const Place place(free_.back());
    free_.pop_back();
    Page& written = page(place.index_);
    written.generation = generation;
    written.claim_no = claim_no;
    written.subject_bytes = static_cast<std::uint16_t>(subject.size());
    written.id_bytes = static_cast<std::uint16_t>(event_id.size());
    written.words_bytes = 0;
    const auto after = std::copy(subject.begin(), subject.end(), written.text.begin());
    std::copy(event_id.begin(), event_id.end(), after);
    publish(written.state, begun);
    return place;
}

void FlightBook::accept(Place place, std::string_view words) {
    if (place.index_ == unrecorded) {
        return;
    }
    Page& written = page(place.index_);
    const std::size_t names = std::size_t{written.subject_bytes} + written.id_bytes;
    const std::size_t fit = std::min(words.size(), text_bytes - names);
    std::copy_n(words.begin(), fit, written.text.begin() + static_cast<std::ptrdiff_t>(names));
    written.words_bytes = static_cast<std::uint16_t>(fit);
    publish(written.state, accepted);
}

void FlightBook::end(Place place) {
    if (place.index_ == unrecorded) {
        publish(header().unrecorded, header().unrecorded - 1);
        return;
    }
    publish(page(place.index_).state, is_free);
    free_.push_back(place.index_);
}

Result<Flight> FlightBook::flight_of(const Page& page) {
    const std::size_t subject_end = page.subject_bytes;
    const std::size_t id_end = subject_end + page.id_bytes;
    const std::size_t words_end =
        id_end + (page.state == accepted ? std::size_t{page.words_bytes} : 0);
    if (page.state > accepted || words_end > text_bytes) {
        return Error{"a page of it holds rubbish"};
    }
    const std::string_view text(page.text.data(), words_end);
    Flight flight;
    flight.subject = text.substr(0, subject_end);
    flight.event_id = text.substr(subject_end, page.id_bytes);
    flight.generation = page.generation;
    flight.claim_no = page.claim_no;
    flight.accepted = page.state == accepted;
    flight.words = text.substr(id_end);
    return flight;
}

Result<FlightLog> FlightBook::read(std::span<const std::byte> memory) {
    Header head{};
    if (memory.size() < sizeof head) {
        return Error{"it is too short"};
    }
    std::memcpy(&head, memory.data(), sizeof head);
    if (head.magic != magic) {
        return Error{"it does not begin as one of this version does"};
    }
    if (head.places > (memory.size() - sizeof head) / sizeof(Page)) {
        return Error{"it is cut off"};
    }
    FlightLog log;
    log.instance = read_name(head.instance);
    log.boot_id = read_name(head.boot_id);
    log.complete = head.unrecorded == 0;
    for (std::uint32_t index = 0; index < head.places; ++index) {
        Page one{};
        std::memcpy(&one, memory.data() + bytes_for(index), sizeof one);
        if (one.state == is_free) {
            continue;
        }
        Result<Flight> flight = flight_of(one);
        if (!flight) {
            return flight.error();
        }
        log.flights.push_back(std::move(*flight));
    }
    return log;
}

FlightLog only_of(FlightLog log, std::string_view subject) {
    std::erase_if(log.flights, [&](const Flight& flight) { return flight.subject != subject; });
    return log;
}

}  // namespace chatear::runtime
