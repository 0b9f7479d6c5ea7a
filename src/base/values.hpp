#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace chatear {

/// "30s", "5m", "24h", "90d", "250ms". A bare number is refused: its unit would be a guess.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);
std::string format_duration(std::chrono::milliseconds duration);

/// "64MiB", "32KiB", "1GiB", or a bare number of bytes.
Result<std::size_t> parse_bytes(std::string_view text);

/// "100/1m": at most `count` in each `per`.
struct Rate {
    std::uint32_t count = 0;
    std::chrono::milliseconds per{};

    bool operator==(const Rate&) const = default;
};
Result<Rate> parse_rate(std::string_view text);

/// "127.0.0.1:9090", "[::1]:9090", ":9090" (all addresses); port 0 lets the kernel choose.
struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;

    bool operator==(const ListenAddress&) const = default;
};
Result<ListenAddress> parse_listen_address(std::string_view text);

}  // namespace chatear
