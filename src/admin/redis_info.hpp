#pragma once

#include "admin/findings.hpp"

#include <map>
#include <string>
#include <string_view>

namespace chatear::admin {

/// What INFO answers: "name:value" lines.
using RedisInfo = std::map<std::string, std::string, std::less<>>;

RedisInfo parse_redis_info(std::string_view text);

/// Version, role, eviction and durability as far as they matter to limits. Pure.
void judge_redis(const RedisInfo& info, Findings& findings);

}  // namespace chatear::admin
