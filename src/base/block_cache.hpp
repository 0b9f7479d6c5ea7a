#pragma once

#include <cstddef>

namespace chatear {

/// From here on this thread keeps the blocks of memory that it frees, by their size, and gives them
/// out again; `operator new` and `operator delete` of the whole program ask it. An event in hand
/// holds some 200 blocks, coroutine frames most of all, and thousands of events come and go in the
/// same sizes: glibc keeps 7 free blocks of a size at hand, none over 1 KiB, and joins and splits
/// the rest each time. Does nothing where AddressSanitizer must see each block come and go.
void keep_freed_blocks();

/// Gives them back, and keeps no more.
void release_freed_blocks();

/// What this thread keeps at the moment.
std::size_t kept_block_bytes();

/// Blocks over this size are glibc's business.
inline constexpr std::size_t largest_kept_block = 8 * 1024;

/// What is freed beyond it goes back to glibc: so a burst of one size does not stay for ever.
inline constexpr std::size_t most_kept_bytes = 16 * 1024 * 1024;

}  // namespace chatear
