#include "notification/redis_limits.hpp"

#include "base/digest.hpp"
#include "base/error.hpp"
#include "notification/gcra.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace chatear::notification {
namespace {

// The same as Gcra::slot_for. Beside the slots (member = event, score = microseconds) the set holds
// a stretch of time, as two members with negative scores, in which there is no free slot: without
// it each search would walk along all that waits. It only saves steps: no slot is ever given back,
// so the stretch stays full. It is named after the rate, since another rate has other free slots.
constexpr const char* slot_script_text = R"lua(
local key, event = KEYS[1], ARGV[1]
local count, per, interval = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local kept, earliest, max_steps = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local begin_name, end_name = '<' .. count .. '/' .. per, '>' .. count .. '/' .. per

local function text(number) return string.format('%.0f', number) end
local function score(member) return tonumber(redis.call('ZSCORE', key, member) or 0) end

local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', key, 0, '(' .. text(now - per - kept))
local known = redis.call('ZSCORE', key, event)
if known then return {text(tonumber(known)), text(now)} end

local function around(slot)
    return redis.call('ZCOUNT', key, '(' .. text(slot - per), '(' .. text(slot + per))
end

local function next_free(slot)
    for step = 1, max_steps do
        local used = around(slot)
        if used >= count then
            local rank = redis.call('ZCOUNT', key, '-inf', text(slot - per)) + used - count
            slot = tonumber(redis.call('ZRANGE', key, rank, rank, 'WITHSCORES')[2]) + per
        else
            local near = redis.call('ZREVRANGEBYSCORE', key, '(' .. text(slot + interval),
                '(' .. text(slot - interval), 'WITHSCORES', 'LIMIT', 0, 1)
            if slot == now or not near[2] then return slot end
            slot = tonumber(near[2]) + interval
        end
    end
    return tonumber(redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]) + per
end

local first = math.max(now, earliest)
local slot = first
if first > now or around(now) >= count then
    local full_from, full_to = -score(begin_name), -score(end_name)
    local inside = full_from <= first and first <= full_to
    slot = next_free(inside and full_to or first)
    if inside then
        redis.call('ZADD', key, text(-slot), end_name)
    elseif first == now then
        redis.call('ZADD', key, text(-first), begin_name, text(-slot), end_name)
    end
end
redis.call('ZADD', key, text(slot), event)
local lives = math.ceil((slot - now + per + kept) / 1000) + 1
if redis.call('PTTL', key) < lives then redis.call('PEXPIRE', key, lives) end
return {text(slot), text(now)}
)lua";

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char byte) {
        return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
    });
    return text;
}

std::string recipient_key(const LimitRequest& request) {
    constexpr std::size_t hash_bytes = 16;
    const std::string hash = sha256(in_lower_case(request.recipient)).substr(0, hash_bytes);
    return "chatear:limit:recipient:" + to_hex(hash);
}

std::string domain_key(const LimitRequest& request) {
    return "chatear:limit:domain:" + in_lower_case(request.domain);
}

// One wish to send as a member of the set.
std::string wish(const LimitRequest& request) {
    constexpr std::size_t hash_bytes = 16;
    Sha256 hash;
    hash.update_field(request.event_id);
    hash.update_field(std::to_string(request.attempts));
    return hash.finish().substr(0, hash_bytes);
}

std::string microseconds(Time time) {
    return std::to_string(time.time_since_epoch().count());
}

std::optional<Time> read_time(const redis::Reply& reply) {
    const std::string* text = reply.text();
    std::int64_t count = 0;
    if (text == nullptr ||
        std::from_chars(text->data(), text->data() + text->size(), count).ec != std::errc()) {
        return std::nullopt;
    }
    return Time(std::chrono::microseconds(count));
}

struct Slot {
    Time slot;
    Time now;
};

// Limits fail closed: what cannot be known is not allowed.
Slot slot_of(const Result<redis::Reply>& reply) {
    if (!reply) {
        throw Unavailable("redis", "the script of the limits", reply.error().message);
    }
    const redis::Reply::Array* parts = reply->array();
    if (parts == nullptr || parts->size() != 2) {
        throw Unavailable("redis", "the script of the limits", "it does not answer as it should");
    }
    const std::optional<Time> slot = read_time(parts->at(0));
    const std::optional<Time> now = read_time(parts->at(1));
    if (!slot || !now) {
        throw Unavailable("redis", "the script of the limits", "it does not answer as it should");
    }
    return {*slot, *now};
}

}  // namespace

const redis::Script& slot_script() {
    static const redis::Script script(slot_script_text);
    return script;
}

redis::ScriptCall slot_call(
    std::string key, std::string event, Rate rate, Time earliest, std::chrono::microseconds kept
) {
    redis::ScriptCall call;
    call.keys.push_back(std::move(key));
    call.arguments = {
        std::move(event),
        std::to_string(rate.count),
        std::to_string(std::chrono::microseconds(rate.per).count()),
        std::to_string(Gcra(rate).interval().count()),
        std::to_string(kept.count()),
        microseconds(earliest),
        std::to_string(Gcra::max_steps),
    };
    return call;
}

RedisLimits::RedisLimits(
    redis::Client& client, std::optional<Rate> per_recipient, std::optional<Rate> per_domain
)
    : client_(client), per_recipient_(per_recipient), per_domain_(per_domain) {}

asio::awaitable<std::vector<LimitReply>> RedisLimits::check(std::vector<LimitRequest> requests) {
    std::vector<LimitReply> replies(requests.size());
    if (per_recipient_) {
        std::vector<redis::ScriptCall> calls;
        for (const LimitRequest& request : requests) {
            calls.push_back(slot_call(
                recipient_key(request), wish(request), *per_recipient_, Time(), Gcra::kept_default
            ));
        }
        replies = co_await ask(std::move(calls), std::move(replies), "EMAIL_RATE_PER_RECIPIENT");
    }
    if (per_domain_) {
        std::vector<redis::ScriptCall> calls;
        for (std::size_t at = 0; at < requests.size(); ++at) {
            const LimitRequest& request = requests[at];
            calls.push_back(slot_call(
                domain_key(request),
                wish(request),
                *per_domain_,
                replies[at].until,
                Gcra::kept_default
            ));
        }
        replies = co_await ask(std::move(calls), std::move(replies), "EMAIL_RATE_PER_DOMAIN");
    }
    co_return replies;
}

// Runs the calls and moves each reply to the slot that it got, where that is later.
asio::awaitable<std::vector<LimitReply>> RedisLimits::ask(
    std::vector<redis::ScriptCall> calls, std::vector<LimitReply> replies, std::string_view setting
) {
    const std::vector<Result<redis::Reply>> answers =
        co_await client_.eval_all(slot_script(), std::move(calls));
    for (std::size_t at = 0; at < answers.size(); ++at) {
        const Slot given = slot_of(answers[at]);
        LimitReply& reply = replies[at];
        if (given.slot > reply.until && given.slot > given.now) {
            reply.reason = "over the limit " + std::string(setting);
        }
        reply.until = std::max(reply.until, given.slot);
        reply.allowed = reply.until <= given.now;
        reply.wait = std::chrono::ceil<std::chrono::milliseconds>(
            std::max(reply.until - given.now, Time::duration(0))
        );
    }
    co_return replies;
}

}  // namespace chatear::notification
