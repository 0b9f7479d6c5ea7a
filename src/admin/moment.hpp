#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <string_view>

namespace chatear::admin {

/// What --since and --until take: a time ("2026-11-23T18:04:05Z"), a day ("2026-11-23": its
/// beginning, UTC), or how long before `now` ("2h", "30d").
Result<Time> parse_moment(std::string_view text, Time now);

}  // namespace chatear::admin
