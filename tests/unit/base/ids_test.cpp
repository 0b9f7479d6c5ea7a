#include "base/ids.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace chatear {
namespace {

TEST(RandomUuid, IsOfVersion4InItsUsualForm) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string id = random_uuid();
        EXPECT_THAT(
            id,
            testing::MatchesRegex(
                "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
            )
        );
        seen.insert(id);
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(RandomBytes, AreAsManyAsAskedFor) {
    EXPECT_EQ(random_bytes(0), "");
    EXPECT_EQ(random_bytes(33).size(), 33U);
    EXPECT_NE(random_bytes(16), random_bytes(16));
}

}  // namespace
}  // namespace chatear
