#pragma once

#include "deletion/daily_limits.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// What every `DailyLimits` does, the one over Redis and the one in memory.
namespace chatear::conformance {

namespace asio = boost::asio;

/// The Redis under the limits, as a test and other systems write to it.
class LimitsWorld {
public:
    virtual ~LimitsWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual deletion::DailyLimits& limits() = 0;

    virtual void lose_everything() = 0;
    virtual void go_away() = 0;
    virtual void come_back() = 0;  ///< Empty.
    // The counters by their names.
    virtual void set(const std::string& key, int value) = 0;
    virtual void count_for_others(const std::string& key, int more) = 0;
    virtual int value(const std::string& key) = 0;
};

using MakeLimitsWorld = std::unique_ptr<LimitsWorld> (*)();

/// Calls without coroutines. Where Redis cannot say, the answer is nothing.
class DailyLimitsContract : public testing::TestWithParam<MakeLimitsWorld> {
protected:
    static constexpr int limit = 3;
    inline static const std::string day = "2026-11-25";
    inline static const std::string executions = "global:deletion:count:2026-11-25";
    inline static const std::string mails = "user:email:count:user-7:2026-11-25";

    DailyLimitsContract() : world_(GetParam()()) {}

    LimitsWorld& world() { return *world_; }

    std::optional<bool> count(
        const std::string& deletion_id, int known, const std::string& on = day
    );
    /// Whether Redis could be told.
    bool uncount(const std::string& deletion_id);
    /// At most two a user and day.
    std::optional<bool> count_mail(
        const std::string& holder, int known, const std::string& user_id = "user-7"
    );

private:
    /// Whether Redis was there.
    bool reached(const std::function<asio::awaitable<void>()>& call);

    std::unique_ptr<LimitsWorld> world_;
};

}  // namespace chatear::conformance
