#pragma once

namespace chatear::runtime {

/// From here on the kernel writes no core dump of this process and lets no other process of the
/// same user look into it (ptrace, /proc/PID/mem and environ): passwords, keys, tokens and people's
/// addresses stand there. A limit of the size of core files (RLIMIT_CORE) would not do: it does not
/// hold where the kernel pipes them to a program, as with systemd-coredump and apport. Root may
/// still attach a debugger.
void keep_memory_private();

}  // namespace chatear::runtime
