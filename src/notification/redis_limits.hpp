#pragma once

#include "base/values.hpp"
#include "notification/limits.hpp"
#include "redis/client.hpp"
#include "redis/script.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace chatear::notification {

/// The limits that all processes share through Redis: each key is a sorted set of the slots given
/// (see Gcra), the time is Redis' own. Keys are `chatear:limit:recipient:<hash>` and
/// `chatear:limit:domain:<domain>`; each goes by itself when nothing in it matters any more.
class RedisLimits final : public Limits {
public:
    /// `client` must outlive it. Nothing = no limit of that kind.
    RedisLimits(
        redis::Client& client, std::optional<Rate> per_recipient, std::optional<Rate> per_domain
    );

    /// All requests in two batches: the recipients' keys, then the domains' with those slots as the
    /// earliest. May be repeated: an event keeps its slots.
    asio::awaitable<std::vector<LimitReply>> check(std::vector<LimitRequest> requests) override;

private:
    asio::awaitable<std::vector<LimitReply>> ask(
        std::vector<redis::ScriptCall> calls,
        std::vector<LimitReply> replies,
        std::string_view setting
    );

    redis::Client& client_;
    std::optional<Rate> per_recipient_;
    std::optional<Rate> per_domain_;
};

/// The script that gives slots: one key; its reply is the slot and the server's time, both in
/// microseconds of civil time as text.
const redis::Script& slot_script();

/// What it is called with. `event` is at most as long as a hash; `earliest` may be long ago.
redis::ScriptCall slot_call(
    std::string key, std::string event, Rate rate, Time earliest, std::chrono::microseconds kept
);

}  // namespace chatear::notification
