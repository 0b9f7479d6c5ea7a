#include "admin/findings.hpp"

#include "admin/redis_info.hpp"

#include <gtest/gtest.h>

namespace chatear::admin {
namespace {

TEST(Findings, AreAsBadAsTheirWorst) {
    Findings findings("nats");
    EXPECT_EQ(findings.worst(), Level::ok);
    findings.problem("it is down", "start it");
    findings.ok("fine");
    findings.warning("hm", "look");
    EXPECT_EQ(findings.worst(), Level::problem);
}

TEST(Findings, AreWrittenForProgramsAndForPeople) {
    Findings findings("redis");
    findings.ok("Redis 7");
    findings.warning("appendonly is off", "set it");
    EXPECT_EQ(
        boost::json::serialize(to_json(findings)),
        R"({"service":"redis","state":"warning","findings":[{"state":"ok","text":"Redis 7"},)"
        R"({"state":"warning","text":"appendonly is off","remedy":"set it"}]})"
    );
    EXPECT_EQ(
        render(findings),
        "redis      ok       Redis 7\n"
        "redis      warning  appendonly is off\n"
        "                    -> set it\n"
    );
}

TEST(Findings, DoNotPassControlCharactersOfAServerOn) {
    Findings findings("smtp");
    findings.problem("\x1b[2J", "look");
    EXPECT_EQ(render(findings).find('\x1b'), std::string::npos);
}

TEST(RedisInfo, IsReadLineByLine) {
    const RedisInfo info =
        parse_redis_info("# Server\r\nredis_version:7.0.15\r\n\r\nrole:master\nrubbish\n");
    EXPECT_EQ(info, (RedisInfo{{"redis_version", "7.0.15"}, {"role", "master"}}));
}

TEST(RedisInfo, WithEvictionIsAProblem) {
    Findings findings("redis");
    judge_redis({{"maxmemory_policy", "allkeys-lru"}, {"aof_enabled", "1"}}, findings);
    EXPECT_EQ(findings.worst(), Level::problem);
}

TEST(RedisInfo, WithoutAppendOnlyFileIsAWarning) {
    Findings findings("redis");
    judge_redis({{"maxmemory_policy", "noeviction"}, {"aof_enabled", "0"}}, findings);
    EXPECT_EQ(findings.worst(), Level::warning);
}

TEST(RedisInfo, AsItShouldBeIsWell) {
    Findings findings("redis");
    judge_redis({{"maxmemory_policy", "noeviction"}, {"aof_enabled", "1"}}, findings);
    EXPECT_EQ(findings.worst(), Level::ok);
}

}  // namespace
}  // namespace chatear::admin
