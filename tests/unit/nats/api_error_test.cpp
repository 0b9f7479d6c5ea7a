#include "nats/api_error.hpp"

#include <gtest/gtest.h>

namespace chatear::nats {
namespace {

TEST(ApiError, IsRecognised) {
    const boost::json::object answer{
        {"error", {{"code", 404}, {"err_code", 10059}, {"description", "because"}}}};
    const ApiError error = *read_api_error(answer);
    EXPECT_TRUE(error.stream_not_found());
    EXPECT_FALSE(error.consumer_not_found());
    EXPECT_FALSE(error.unavailable());
    EXPECT_EQ(error.text(), "because (10059)");
    EXPECT_TRUE((ApiError{503, 10039, ""}).unavailable());
    EXPECT_TRUE((ApiError{500, 10047, ""}).unavailable());
    EXPECT_EQ(read_api_error({}), std::nullopt);
}

}  // namespace
}  // namespace chatear::nats
