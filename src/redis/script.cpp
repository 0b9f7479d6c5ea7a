#include "redis/script.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <utility>

namespace chatear::redis {
namespace {

// The server names scripts by it; it protects nothing.
std::string sha1_hex(std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    const int done =
        EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    CHATEAR_ASSERT(done == 1);
    return to_hex(std::string(digest.begin(), digest.begin() + size));
}

}  // namespace

Script::Script(std::string text) : text_(std::move(text)), sha1_(sha1_hex(text_)) {}

}  // namespace chatear::redis
