#include "admin/publish_book.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

namespace chatear::admin {
namespace {

TEST(PublishBook, SettlesOnlyWhatHasNoGapBeforeIt) {
    PublishBook book(0);
    book.acknowledged(2);
    book.acknowledged(3);
    EXPECT_EQ(book.settled(), 0u);
    book.acknowledged(1);
    EXPECT_EQ(book.settled(), 3u);
    EXPECT_EQ(book.count(), 3u);
}

TEST(PublishBook, GoesOnBehindWhatWasSkipped) {
    PublishBook book(10);
    EXPECT_EQ(book.settled(), 10u);
    book.acknowledged(12);
    book.acknowledged(11);
    EXPECT_EQ(book.settled(), 12u);
    EXPECT_EQ(book.count(), 2u);
}

RC_GTEST_PROP(PublishBook, SettlesTheSameInAnyOrder, ()) {
    const auto size = *rc::gen::inRange<std::size_t>(1, 50);
    std::vector<std::uint64_t> numbers(size);
    std::iota(numbers.begin(), numbers.end(), std::uint64_t{1});
    std::shuffle(
        numbers.begin(), numbers.end(), std::minstd_rand(*rc::gen::arbitrary<std::uint32_t>())
    );
    PublishBook book(0);
    std::vector<bool> seen(size + 2, false);
    for (const std::uint64_t number : numbers) {
        book.acknowledged(number);
        seen[number] = true;
        const auto gap = std::find(seen.begin() + 1, seen.end(), false) - seen.begin();
        RC_ASSERT(book.settled() == static_cast<std::uint64_t>(gap) - 1);
    }
}

}  // namespace
}  // namespace chatear::admin
