#include "base/ids.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <openssl/rand.h>

namespace chatear {

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    const int drawn =
        RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count));
    CHATEAR_ASSERT(drawn == 1);
    return bytes;
}

std::string random_uuid() {
    std::string bytes = random_bytes(16);
    bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
    std::string text = to_hex(bytes);
    for (const std::size_t position : {8U, 13U, 18U, 23U}) {
        text.insert(position, 1, '-');
    }
    return text;
}

}  // namespace chatear
