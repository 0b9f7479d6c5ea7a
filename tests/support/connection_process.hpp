#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace chatear::test {

/// The child of `parent` that serves a connection to `port` of the loopback, as the kernel tells;
/// nothing = none does.
std::optional<pid_t> child_that_serves(pid_t parent, std::uint16_t port);

}  // namespace chatear::test
