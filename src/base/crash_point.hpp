#pragma once

#include "base/result.hpp"

#include <string_view>

namespace chatear {

/// Ends this process at once, as SIGKILL does, where the environment says so:
/// `CRASH_AT=after-claim` the first time that this point is passed, `CRASH_AT=after-claim:3` the
/// third time. For tests of what a crash leaves behind; the build that is deployed (CMake:
/// CHATEAR_CRASH_POINTS=OFF, preset `package`) has none. The points, and what must come of a crash
/// there: docs/testing.md.
void crash_point(std::string_view name);

/// Whether what CRASH_AT asks for can happen in this build; an Error names what can.
Result<void> check_crash_at();

}  // namespace chatear
