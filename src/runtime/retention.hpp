#pragma once

#include "runtime/ledger.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>

namespace chatear::runtime {

inline constexpr std::size_t most_rows_a_sweep = 500;

/// Removes all final rows not updated for `age`, in small batches with pauses between, so that no
/// statement holds anybody up. How many went. Throws Unavailable("postgres").
asio::awaitable<std::size_t> sweep(Ledger& ledger, std::chrono::milliseconds age);

}  // namespace chatear::runtime
