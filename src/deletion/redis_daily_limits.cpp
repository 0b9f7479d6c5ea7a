#include "deletion/redis_daily_limits.hpp"

#include "base/error.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::chrono::milliseconds lifetime{std::chrono::hours(72)};

// A holder that is known keeps its place, also where others have filled the day meanwhile. A
// counter that was flushed or set back is raised to what PostgreSQL knows before anybody is added;
// what is no number fails the script, and with it whoever asks.
constexpr const char* count_text = R"lua(
local counter, holders = KEYS[1], KEYS[2]
local holder, known, limit, lifetime = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local function keep(key)
    if redis.call('PTTL', key) < lifetime then redis.call('PEXPIRE', key, lifetime) end
end

local count = redis.call('INCRBY', counter, 0)
local counted = redis.call('SISMEMBER', holders, holder) == 1
local least = counted and known + 1 or known
if count < least then
    count = least
    redis.call('SET', counter, count)
end
if not counted and count < limit then
    redis.call('INCR', counter)
    redis.call('SADD', holders, holder)
    counted = true
end
keep(counter)
keep(holders)
return counted and 1 or 0
)lua";

constexpr const char* uncount_text = R"lua(
local counter, holders = KEYS[1], KEYS[2]
if redis.call('SREM', holders, ARGV[1]) == 0 then return 0 end
if redis.call('INCRBY', counter, 0) > 0 then redis.call('DECR', counter) end
return 1
)lua";

std::string execution_key(const std::string& day) {
    return "global:deletion:count:" + day;
}

redis::ScriptCall call_for(std::string key, std::string holder) {
    redis::ScriptCall call;
    call.keys.push_back(key);
    call.keys.push_back("{" + std::move(key) + "}:holders");
    call.arguments.push_back(std::move(holder));
    return call;
}

// Limits fail closed: what cannot be counted may not happen.
bool truth_of(const Result<redis::Reply>& reply) {
    if (!reply) {
        throw Unavailable("redis", "the daily limits", reply.error().message);
    }
    const std::int64_t* answer = reply->integer();
    if (answer == nullptr) {
        throw Unavailable("redis", "the daily limits", "their script does not answer as it should");
    }
    return *answer != 0;
}

}  // namespace

const redis::Script& count_script() {
    static const redis::Script script(count_text);
    return script;
}

const redis::Script& uncount_script() {
    static const redis::Script script(uncount_text);
    return script;
}

asio::awaitable<bool> RedisDailyLimits::count_execution(
    std::string day, std::string deletion_id, int known, int limit
) {
    std::string key = execution_key(day);
    co_return co_await count(std::move(key), std::move(deletion_id), known, limit);
}

asio::awaitable<void> RedisDailyLimits::uncount_execution(
    std::string day, std::string deletion_id
) {
    redis::ScriptCall call = call_for(execution_key(day), std::move(deletion_id));
    const Result<redis::Reply> reply = co_await client_.eval(uncount_script(), std::move(call));
    (void)truth_of(reply);
}

asio::awaitable<bool> RedisDailyLimits::count_mail(
    std::string user_id, std::string day, std::string holder, int known, int limit
) {
    std::string key = "user:email:count:" + std::move(user_id) + ":" + std::move(day);
    co_return co_await count(std::move(key), std::move(holder), known, limit);
}

asio::awaitable<bool> RedisDailyLimits::count(
    std::string key, std::string holder, int known, int limit
) {
    redis::ScriptCall call = call_for(std::move(key), std::move(holder));
    call.arguments.push_back(std::to_string(known));
    call.arguments.push_back(std::to_string(limit));
    call.arguments.push_back(std::to_string(lifetime.count()));
    const Result<redis::Reply> reply = co_await client_.eval(count_script(), std::move(call));
    co_return truth_of(reply);
}

}  // namespace chatear::deletion
