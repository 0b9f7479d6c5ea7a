#pragma once

namespace chatear {

/// Says where and what on standard error and aborts: a bug of ours, in release builds too.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace chatear

/// For what only a bug can make false; never for input or for what a peer answers.
#define CHATEAR_ASSERT(condition)       \
    ((condition) ? static_cast<void>(0) \
                 : ::chatear::assertion_failed(#condition, __FILE__, __LINE__))
