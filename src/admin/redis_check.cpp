#include "admin/checks.hpp"
#include "admin/redis_info.hpp"
#include "base/error.hpp"
#include "redis/client.hpp"

#include <fmt/format.h>

#include <utility>

namespace chatear::admin {

RedisInfo parse_redis_info(std::string_view text) {
    RedisInfo info;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        const std::size_t colon = line.find(':');
        if (colon != std::string_view::npos && !line.starts_with('#')) {
            info.emplace(line.substr(0, colon), line.substr(colon + 1));
        }
    }
    return info;
}

void judge_redis(const RedisInfo& info, Findings& findings) {
    const auto value = [&](const char* name) {
        const auto found = info.find(name);
        return found == info.end() ? std::string("unknown") : found->second;
    };
    findings.ok(
        fmt::format("Redis {}, role {}, takes writes", value("redis_version"), value("role"))
    );
    const std::string policy = value("maxmemory_policy");
    if (policy == "noeviction") {
        findings.ok("maxmemory-policy is noeviction");
    } else {
        findings.problem(
            "maxmemory-policy is " + policy +
                ": when memory is short, counters of limits are thrown away",
            "CONFIG SET maxmemory-policy noeviction, and in its configuration file"
        );
    }
    if (value("aof_enabled") == "1") {
        findings.ok("appendonly is on");
    } else {
        findings.warning(
            "appendonly is off: after a crash counters of limits go back to the last snapshot",
            "set appendonly to yes"
        );
    }
}

asio::awaitable<void> check_redis(Tool& tool, std::shared_ptr<Findings> findings) {
    redis::Client* client = co_await tool.redis();
    redis::Command command("INFO");
    const Result<redis::Reply> reply = co_await client->command(std::move(command));
    if (!reply || reply->text() == nullptr) {
        findings->warning(
            "it takes writes but does not answer INFO", "allow the command INFO to this account"
        );
        co_return;
    }
    judge_redis(parse_redis_info(*reply->text()), *findings);
}

}  // namespace chatear::admin
