#include "runtime/store_statement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace chatear::runtime {
namespace {

using testing::ElementsAre;

using Places = std::vector<std::size_t>;
constexpr auto itself = [](const auto& value) { return value; };

TEST(StoreStatement, ARoundHoldsEachKeyOnceInTheirOrder) {
    const std::vector<std::string> keys = {"b", "a", "b", "c", "b"};
    EXPECT_THAT(rounds_by_key(keys, itself), ElementsAre(Places{1, 0, 3}, Places{2}, Places{4}));
}

TEST(StoreStatement, APartEndsWithTheRequestThatFillsIt) {
    const std::vector<std::size_t> sizes = {4, 4, 4, 100, 1, 1};
    EXPECT_THAT(
        parts_by_size(sizes, {0, 1, 2, 3, 4, 5}, 10, itself),
        ElementsAre(Places{0, 1, 2}, Places{3}, Places{4, 5})
    );
}

TEST(StoreStatement, PartsKeepTheOrderOfTheRound) {
    const std::vector<std::size_t> sizes = {1, 1, 1};
    EXPECT_THAT(parts_by_size(sizes, {2, 0, 1}, 10, itself), ElementsAre(Places{2, 0, 1}));
    EXPECT_THAT(parts_by_size(sizes, {}, 10, itself), testing::IsEmpty());
}

}  // namespace
}  // namespace chatear::runtime
