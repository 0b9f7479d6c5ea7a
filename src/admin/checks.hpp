#pragma once

#include "admin/findings.hpp"
#include "admin/tool.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>

namespace chatear::admin {

/// Looks at one service. What it throws (Unavailable, CommandFailed) is a problem of that service.
using Check = asio::awaitable<void> (*)(Tool& tool, std::shared_ptr<Findings> findings);

asio::awaitable<void> check_nats(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_postgres(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_redis(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_smtp(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_deletion(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_state(Tool& tool, std::shared_ptr<Findings> findings);
asio::awaitable<void> check_templates(Tool& tool, std::shared_ptr<Findings> findings);

}  // namespace chatear::admin
