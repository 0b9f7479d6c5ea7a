#include "base/error.hpp"

#include "base/assert.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <ostream>
#include <stdexcept>
#include <type_traits>

namespace chatear {
namespace {

template <typename T>
concept Printable = requires(std::ostream& stream, const T& value) {
    stream << value;
};

static_assert(!Printable<Secret>);
static_assert(!std::convertible_to<Secret, std::string>);
static_assert(!std::convertible_to<std::string, Error>);

TEST(Error, JoinsItsPieces) {
    EXPECT_EQ((Error{"cannot read ", std::string("a file"), ""}.message), "cannot read a file");
}

TEST(Result, TellsAStringFromAnError) {
    const Result<std::string> good = std::string("text");
    const Result<std::string> bad = Error{"text"};
    EXPECT_TRUE(good);
    EXPECT_FALSE(bad);
    EXPECT_EQ(bad.error().message, "text");
}

TEST(Result, AskedForAValueThatItLacksThrowsALogicError) {
    const Result<int> bad = Error{"no number"};
    EXPECT_THROW((void)bad.value(), std::logic_error);
}

TEST(Unavailable, SaysWhichWhereAndWhy) {
    const Unavailable down("redis", "cache:6379", "connection refused");
    EXPECT_STREQ(down.what(), "redis at cache:6379 is unavailable: connection refused");
    EXPECT_EQ(down.dependency(), "redis");
    EXPECT_EQ(down.where(), "cache:6379");
    EXPECT_EQ(down.why(), "connection refused");
}

TEST(AssertDeathTest, AbortsWithThePlaceAndTheCondition) {
    const bool holds = false;
    EXPECT_DEATH(CHATEAR_ASSERT(holds), "error_test.cpp:[0-9]+: assertion failed: holds");
}

}  // namespace
}  // namespace chatear
