#pragma once

#include "admin/commands.hpp"

namespace chatear::admin {

/// Adds `erase` to the command group `deletions`.
void declare_erase(CLI::App& deletions, Action& chosen);

}  // namespace chatear::admin
