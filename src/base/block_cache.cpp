#include "base/block_cache.hpp"

#include "base/assert.hpp"

#include <malloc.h>

#include <array>
#include <cstdlib>
#include <new>

#if defined(__SANITIZE_ADDRESS__)
#define CHATEAR_OWN_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHATEAR_OWN_NEW 0
#endif
#endif
#ifndef CHATEAR_OWN_NEW
#define CHATEAR_OWN_NEW 1
#endif

namespace chatear {
namespace {

// glibc's blocks hold 24 bytes, or 16 more, and so on; a size of ours is one of theirs.
constexpr std::size_t step = 16;
constexpr std::size_t least = 24;
constexpr std::size_t sizes = (largest_kept_block - least) / step + 1;

struct FreeBlock {
    FreeBlock* next;
};

/// Plain data, so that a thread that begins or ends has nothing to do for it.
struct Cache {
    bool keeps;
    std::size_t bytes;
    std::array<FreeBlock*, sizes> free;
};

constinit thread_local Cache cache{};

constexpr std::size_t bytes_of(std::size_t size) {
    return least + size * step;
}

#if CHATEAR_OWN_NEW

/// The smallest of our sizes that holds `bytes`.
constexpr std::size_t size_for(std::size_t bytes) {
    return bytes <= least ? 0 : (bytes - least + step - 1) / step;
}

/// The largest of our sizes that fits into `bytes`. Requires at least `least`.
constexpr std::size_t size_within(std::size_t bytes) {
    return (bytes - least) / step;
}

void* from_system(std::size_t bytes) {
    while (true) {
        if (void* const block = std::malloc(bytes)) {
            return block;
        }
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
    }
}

void* allocate(std::size_t bytes) {
    const std::size_t size = size_for(bytes);
    if (!cache.keeps || size >= sizes) {
        return from_system(bytes == 0 ? 1 : bytes);
    }
    FreeBlock* const block = cache.free[size];
    if (block == nullptr) {
        return from_system(bytes_of(size));
    }
    // The next one was freed a while ago: so that whoever asks for it does not wait for its memory.
    __builtin_prefetch(block->next, 1);
    cache.free[size] = block->next;
    cache.bytes -= bytes_of(size);
    return block;
}

/// `size`: not more than the block holds.
void deallocate(void* block, std::size_t size) noexcept {
    if (!cache.keeps || size >= sizes || cache.bytes + bytes_of(size) > most_kept_bytes) {
        std::free(block);
        return;
    }
    cache.free[size] = new (block) FreeBlock{cache.free[size]};
    cache.bytes += bytes_of(size);
}

#endif

}  // namespace

void keep_freed_blocks() {
    cache.keeps = CHATEAR_OWN_NEW == 1;
}

void release_freed_blocks() {
    cache.keeps = false;
    for (FreeBlock*& first : cache.free) {
        while (first != nullptr) {
            FreeBlock* const next = first->next;
            std::free(first);
            first = next;
        }
    }
    cache.bytes = 0;
}

std::size_t kept_block_bytes() {
    return cache.bytes;
}

}  // namespace chatear

#if CHATEAR_OWN_NEW

// The other forms of the standard library call these, but for those with an alignment, which pair
// with each other.
void* operator new(std::size_t bytes) {
    return chatear::allocate(bytes);
}

void operator delete(void* block) noexcept {
    if (block != nullptr) {
        chatear::deallocate(block, chatear::size_within(malloc_usable_size(block)));
    }
}

// glibc holds no block of `bytes` in less than our size for it. So it need not be asked, which
// would touch the memory in front of the block.
void operator delete(void* block, std::size_t bytes) noexcept {
    if (block != nullptr) {
        const std::size_t size = chatear::size_for(bytes);
#ifndef NDEBUG
        CHATEAR_ASSERT(size <= chatear::size_within(malloc_usable_size(block)));
#endif
        chatear::deallocate(block, size);
    }
}

#endif
