#include "runtime/private_memory.hpp"

#include "base/assert.hpp"

#include <sys/prctl.h>

namespace chatear::runtime {

void keep_memory_private() {
    const int refused = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    CHATEAR_ASSERT(refused == 0);
}

}  // namespace chatear::runtime
