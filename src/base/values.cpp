#include "base/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace chatear {
namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array<Unit, 5> duration_units{
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> size_units{
    {{"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"", 1}}};

/// A whole number followed by the name of one of `units`, multiplied out.
template <std::size_t N>
std::optional<std::uint64_t> parse_with_unit(
    std::string_view text, const std::array<Unit, N>& units
) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    for (const Unit& unit : units) {
        const std::uint64_t most =
            static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        if (text == unit.name && number <= most / unit.factor) {
            return number * unit.factor;
        }
    }
    return std::nullopt;
}

}  // namespace

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const auto value = parse_with_unit(text, duration_units);
    if (!value) {
        return Error{fmt::format(
            "'{}' is no duration: write a number and its unit, as in 250ms, 30s, 5m, 24h or 90d",
            text
        )};
    }
    return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds duration) {
    const auto count = static_cast<std::uint64_t>(duration.count());
    Unit best = duration_units[0];
    for (const Unit& unit : duration_units) {
        if (count != 0 && count % unit.factor == 0) {
            best = unit;
        }
    }
    return fmt::format("{}{}", count / best.factor, best.name);
}

Result<std::size_t> parse_bytes(std::string_view text) {
    const auto value = parse_with_unit(text, size_units);
    if (!value) {
        return Error{fmt::format(
            "'{}' is no size: write a number of bytes, or one with KiB, MiB or GiB, as in 64MiB",
            text
        )};
    }
    return static_cast<std::size_t>(*value);
}

Result<Rate> parse_rate(std::string_view text) {
    const std::size_t slash = text.find('/');
    std::uint32_t count = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + std::min(slash, text.size()), count);
    if (slash != std::string_view::npos && error == std::errc() && end == text.data() + slash &&
        count > 0) {
        const auto per = parse_duration(text.substr(slash + 1));
        if (per && per->count() > 0) {
            return Rate{count, *per};
        }
    }
    return Error{fmt::format("'{}' is no rate: write how many in which time, as in 100/1m", text)};
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon != std::string_view::npos) {
        std::string_view host = text.substr(0, colon);
        const std::string_view digits = text.substr(colon + 1);
        std::uint16_t port = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), port);
        const bool bracketed = host.starts_with('[') && host.ends_with(']');
        if (bracketed) {
            host = host.substr(1, host.size() - 2);
        }
        const bool whole = error == std::errc() && end == digits.data() + digits.size();
        if (whole && (bracketed || host.find(':') == std::string_view::npos)) {
            return ListenAddress{std::string(host), port};
        }
    }
    return Error{fmt::format(
        "'{}' is no address to listen on: write host:port, as in 127.0.0.1:9090", text
    )};
}

}  // namespace chatear
