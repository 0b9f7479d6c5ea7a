#pragma once

#include "deletion/execution_guard.hpp"

#include <boost/asio/awaitable.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

/// What every `ExecutionGuard` says of events that are on their way (rule 11), the one over NATS
/// and the one of the simulation.
namespace chatear::conformance {

namespace asio = boost::asio;

class GuardWorld {
public:
    virtual ~GuardWorld() = default;

    virtual void run(const std::function<asio::awaitable<void>()>& body) = 0;
    virtual deletion::ExecutionGuard& guard() = 0;
    virtual deletion::DeletionStore& store() = 0;  ///< Which the guard asks too.

    virtual void publish(const std::string& subject) = 0;  ///< "user.delete", "user.recover".
    virtual void acknowledge_first() = 0;                  ///< Of those that are published.
    virtual void set_recovery_in_outbox(bool stands) = 0;
};

using MakeGuardWorld = std::unique_ptr<GuardWorld> (*)();

/// Calls without coroutines.
class ExecutionGuardContract : public testing::TestWithParam<MakeGuardWorld> {
protected:
    ExecutionGuardContract() : world_(GetParam()()) {}

    GuardWorld& world() { return *world_; }
    /// As a pass begins.
    deletion::DayState day_state();
    /// Whether nothing may be executed by a pass that began so.
    bool forbids(const deletion::DayState& day);
    bool forbids() { return forbids(day_state()); }

private:
    std::unique_ptr<GuardWorld> world_;
};

}  // namespace chatear::conformance
