#include "base/assert.hpp"

#include "base/log_gathering.hpp"

#include <cstdio>
#include <cstdlib>

namespace chatear {

void assertion_failed(const char* condition, const char* file, int line) {
    log::flush();
    std::fprintf(stderr, "%s:%d: assertion failed: %s\n", file, line, condition);
    std::abort();
}

}  // namespace chatear
