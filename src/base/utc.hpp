#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string>
#include <string_view>

namespace chatear {

/// "2026-11-23T18:04:05.123456Z" (RFC 3339, section 5.6); always UTC, always six decimals.
std::string format_time(Time time);

/// Reads RFC 3339 with `Z` or an offset, fraction optional; what PostgreSQL prints is accepted too
/// ("2026-11-23 18:04:05.123456+00").
Result<Time> parse_time(std::string_view text);

/// "2026-11-23": the UTC day that `time` falls in; what the daily limits count by.
std::string utc_day(Time time);

}  // namespace chatear
