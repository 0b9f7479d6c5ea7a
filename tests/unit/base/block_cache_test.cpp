#include "base/block_cache.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace chatear {
namespace {

class BlockCache : public testing::Test {
protected:
    BlockCache() {
        keep_freed_blocks();
        const std::size_t before = kept_block_bytes();
        ::operator delete(::operator new(100));
        if (kept_block_bytes() == before && before < most_kept_bytes) {
            release_freed_blocks();
            keeps_ = false;  // Under AddressSanitizer.
        }
    }
    ~BlockCache() override { release_freed_blocks(); }

    void SetUp() override {
        if (!keeps_) {
            GTEST_SKIP() << "AddressSanitizer sees each block come and go";
        }
    }

private:
    bool keeps_ = true;
};

TEST_F(BlockCache, GivesOutAgainWhatWasFreed) {
    for (const std::size_t bytes : {1U, 24U, 25U, 40U, 1000U, 8184U, 8192U}) {
        void* const first = ::operator new(bytes);
        ::operator delete(first);
        void* const second = ::operator new(bytes);
        EXPECT_EQ(first, second) << bytes;
        ::operator delete(second, bytes);
    }
}

TEST_F(BlockCache, NeverGivesOutABlockThatIsTooSmall) {
    // Freed in all sizes, asked for in all sizes: each must hold what was asked for.
    std::vector<void*> blocks;
    for (std::size_t bytes = 0; bytes <= largest_kept_block + 100; ++bytes) {
        blocks.push_back(::operator new(bytes));
    }
    std::for_each(blocks.begin(), blocks.end(), [](void* block) { ::operator delete(block); });
    blocks.clear();
    for (std::size_t bytes = 0; bytes <= largest_kept_block + 100; ++bytes) {
        blocks.push_back(::operator new(bytes));
        std::memset(blocks.back(), static_cast<int>(bytes % 251), bytes);
    }
    for (std::size_t bytes = 0; bytes < blocks.size(); ++bytes) {
        const auto* const data = static_cast<const unsigned char*>(blocks[bytes]);
        EXPECT_TRUE(std::all_of(data, data + bytes, [&](unsigned char byte) {
            return byte == bytes % 251;
        })) << bytes;
        ::operator delete(blocks[bytes]);
    }
}

TEST_F(BlockCache, TakesBlocksFromBeforeAndOfOtherThreads) {
    release_freed_blocks();
    auto before = std::make_unique<std::string>(500, 'a');
    keep_freed_blocks();
    std::unique_ptr<std::string> others;
    std::thread thread([&] { others = std::make_unique<std::string>(500, 'b'); });
    thread.join();
    EXPECT_EQ(*others + *before, std::string(500, 'b') + std::string(500, 'a'));
    before.reset();
    others.reset();
    auto mine = std::make_unique<std::string>(500, 'c');
    std::thread other_thread([&] { mine.reset(); });
    other_thread.join();
    EXPECT_EQ(mine, nullptr);
}

TEST_F(BlockCache, KeepsNoMoreThanItMay) {
    std::vector<void*> blocks;
    while (blocks.size() * 4096 < most_kept_bytes * 2) {
        blocks.push_back(::operator new(4096));
    }
    std::for_each(blocks.begin(), blocks.end(), [](void* block) { ::operator delete(block); });
    EXPECT_GT(kept_block_bytes(), most_kept_bytes - 8192);
    EXPECT_LE(kept_block_bytes(), most_kept_bytes);
    const std::size_t kept = kept_block_bytes();
    ::operator delete(::operator new(1 << 20));  // Large ones are not kept.
    EXPECT_EQ(kept_block_bytes(), kept);
    release_freed_blocks();
    EXPECT_EQ(kept_block_bytes(), 0U);
}

}  // namespace
}  // namespace chatear
