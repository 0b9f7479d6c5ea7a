#pragma once

#include "admin/tool.hpp"
#include "deletion/change.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

/// What an operator may do about a deletion: by the rules' own functions, each with its reason.
namespace chatear::admin {

enum class DeletionOrder { cancel, run, resend, accept };

/// The change that an order is for this deletion now; nothing where its status forbids it. Pure.
std::optional<deletion::Change> change_for(
    DeletionOrder order,
    const deletion::Deletion& deletion,
    Time now,
    std::chrono::milliseconds recovery_period,
    std::string_view reason
);

/// What the order is for, as people are told: "only a held deletion can be run".
std::string_view allowed_for(DeletionOrder order);

/// Carries it out and shows what became of it.
asio::awaitable<ExitCode> carry_out(
    Tool& tool, DeletionOrder order, std::string id, std::string reason
);

/// Executions go on after they were stopped for all.
asio::awaitable<ExitCode> resume_executions(Tool& tool, std::string reason);

}  // namespace chatear::admin
