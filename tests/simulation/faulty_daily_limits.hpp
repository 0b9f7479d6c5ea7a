#pragma once

#include "deletion/daily_limits.hpp"
#include "fault_plan.hpp"

#include <string>

namespace chatear::simulation {

namespace asio = boost::asio;

/// A process's way to Redis: it may die before or after each call.
class FaultyDailyLimits final : public deletion::DailyLimits {
public:
    FaultyDailyLimits(deletion::DailyLimits& redis, FaultPlan& faults)
        : redis_(redis), faults_(faults) {}

    asio::awaitable<bool> count_execution(
        std::string day, std::string deletion_id, int known, int limit
    ) override {
        faults_.before_effect();
        const bool counted = co_await redis_.count_execution(day, deletion_id, known, limit);
        faults_.after_effect();
        co_return counted;
    }
    asio::awaitable<void> uncount_execution(std::string day, std::string deletion_id) override {
        faults_.before_effect();
        co_await redis_.uncount_execution(day, deletion_id);
        faults_.after_effect();
    }
    asio::awaitable<bool> count_mail(
        std::string user_id, std::string day, std::string holder, int known, int limit
    ) override {
        faults_.before_effect();
        const bool counted = co_await redis_.count_mail(user_id, day, holder, known, limit);
        faults_.after_effect();
        co_return counted;
    }

private:
    deletion::DailyLimits& redis_;
    FaultPlan& faults_;
};

}  // namespace chatear::simulation
