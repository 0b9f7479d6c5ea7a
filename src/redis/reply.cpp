#include "redis/reply.hpp"

#include <algorithm>
#include <array>

namespace chatear::redis {

std::string_view ErrorReply::code() const {
    const std::string_view all = text;
    return all.substr(0, all.find(' '));
}

Refusal ErrorReply::refusal() const {
    static constexpr std::array<std::string_view, 8> unavailable = {
        "LOADING",
        "READONLY",
        "MASTERDOWN",
        "CLUSTERDOWN",
        "BUSY",
        "MISCONF",
        "OOM",
        "NOREPLICAS",
    };
    // The last two come from a cluster's node: that needs a client that knows the slots.
    static constexpr std::array<std::string_view, 5> configuration = {
        "NOAUTH",
        "WRONGPASS",
        "NOPERM",
        "MOVED",
        "ASK",
    };
    if (std::ranges::find(unavailable, code()) != unavailable.end()) {
        return Refusal::unavailable;
    }
    if (std::ranges::find(configuration, code()) != configuration.end()) {
        return Refusal::configuration;
    }
    return Refusal::command;
}

}  // namespace chatear::redis
