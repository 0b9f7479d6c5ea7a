#pragma once

#include <cstddef>
#include <string>

namespace chatear {

/// `count` random bytes from the kernel's generator, by OpenSSL; good for tokens and keys.
std::string random_bytes(std::size_t count);

/// A random UUID in its usual form (RFC 9562, version 4).
std::string random_uuid();

}  // namespace chatear
