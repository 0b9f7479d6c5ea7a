#include "runtime/health.hpp"

#include "base/utc.hpp"
#include "support/coroutine.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace chatear::runtime {
namespace {

/// Two dependencies, and what is told of them.
class ReadinessTest : public testing::Test {
protected:
    boost::json::value told(unsigned expected_status) {
        const http::Response response = health_.readyz();
        EXPECT_EQ(response.status, expected_status);
        EXPECT_EQ(response.content_type, "application/json");
        return boost::json::parse(response.body);
    }

    ManualClock clock_{*parse_time("2026-11-23T10:00:00Z")};
    std::vector<DependencyState> states_ = {{"nats", true, ""}, {"redis", true, ""}};
    Health health_{clock_, [this] { return states_; }};
};

TEST_F(ReadinessTest, IsThereWhenEverythingIs) {
    const boost::json::value body = told(200);
    EXPECT_EQ(body.at("ready"), true);
    EXPECT_EQ(body.at("dependencies").at(1).at("name"), "redis");
    EXPECT_EQ(body.at("dependencies").at(1).at("state"), "ok");
    EXPECT_FALSE(body.at("dependencies").at(1).as_object().contains("why"));
}

TEST_F(ReadinessTest, SaysWhatIsWaitedForWhyAndSinceWhen) {
    told(200);
    clock_.advance(std::chrono::minutes(1));
    states_[1] = {"redis", false, "no reply to \"PING\""};
    told(503);
    clock_.advance(std::chrono::minutes(1));
    const boost::json::value body = told(503);
    EXPECT_EQ(body.at("ready"), false);
    EXPECT_EQ(body.at("dependencies").at(0).at("since"), "2026-11-23T10:00:00.000000Z");
    EXPECT_EQ(body.at("dependencies").at(1).at("state"), "waiting");
    EXPECT_EQ(body.at("dependencies").at(1).at("why"), "no reply to \"PING\"");
    EXPECT_EQ(body.at("dependencies").at(1).at("since"), "2026-11-23T10:01:00.000000Z");
}

TEST_F(ReadinessTest, HealthDoesNotDependOnOthers) {
    states_[0].available = false;
    EXPECT_EQ(health_.healthz().status, 200U);
}

TEST(HealthRoutes, AreServed) {
    const ManualClock clock{Time()};
    http::Router router;
    const auto dependencies = [] {
        return std::vector<DependencyState>{{"nats", false, "connecting"}};
    };
    add_health_routes(router, clock, dependencies, [] { return std::string("chatear_up 1\n"); });
    std::vector<http::Response> responses(3);
    const std::vector<std::string> paths = {"/healthz", "/readyz", "/metrics"};
    const auto body = [&]() -> asio::awaitable<void> {
        for (std::size_t at = 0; at < paths.size(); ++at) {
            http::Request request;
            request.method = "GET";
            request.path = paths[at];
            responses[at] = co_await router.answer(std::move(request));
        }
    };
    asio::io_context context;
    test::run_coroutine(context, body);
    EXPECT_EQ(responses[0].status, 200U);
    EXPECT_EQ(responses[1].status, 503U);
    EXPECT_EQ(responses[2].body, "chatear_up 1\n");
    EXPECT_EQ(responses[2].content_type, "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace
}  // namespace chatear::runtime
