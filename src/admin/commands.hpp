#pragma once

#include "admin/tool.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>

namespace CLI {
class App;
}

namespace chatear::admin {

/// What the command line asked for, once it was parsed.
using Action = std::function<asio::awaitable<ExitCode>(Tool&)>;

// Each adds its command group to `app`; the one that is called sets `chosen`.
void declare_doctor(CLI::App& app, Action& chosen);
void declare_config(CLI::App& app, Action& chosen);
void declare_migrate(CLI::App& app, Action& chosen);
void declare_publish(CLI::App& app, Action& chosen);
void declare_emails(CLI::App& app, Action& chosen);
void declare_dlq(CLI::App& app, Action& chosen);
void declare_outbox(CLI::App& app, Action& chosen);
void declare_flights(CLI::App& app, Action& chosen);
void declare_deletions(CLI::App& app, Action& chosen);
void declare_audit(CLI::App& app, Action& chosen);
void declare_templates(CLI::App& app, Action& chosen);

}  // namespace chatear::admin
