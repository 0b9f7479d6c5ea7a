#pragma once

#include <CLI/CLI.hpp>

#include <cstdint>
#include <limits>

namespace chatear::admin {

/// For options that count: digits only, from `least` to `most`. CLI11 2.1 reads "-1" into an
/// unsigned variable as the largest number there is, and `--limit -1` would be all.
CLI::Validator whole_number(
    std::int64_t least, std::int64_t most = std::numeric_limits<std::int64_t>::max()
);

}  // namespace chatear::admin
