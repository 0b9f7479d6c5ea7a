#include "base/digest.hpp"

#include "base/assert.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace chatear {

namespace {

/// Fetched once: with EVP_sha256() each digest looks for its implementation again (OpenSSL 3.0:
/// 0.32 us a short digest instead of 0.12).
const EVP_MD* sha256_method() {
    static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return method;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
    EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    CHATEAR_ASSERT(context_ && EVP_DigestInit_ex(context_.get(), sha256_method(), nullptr) == 1);
}

Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view bytes) {
    CHATEAR_ASSERT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
}

void Sha256::update_field(std::string_view bytes) {
    static constexpr std::size_t short_bytes = 120;
    std::array<char, 8 + short_bytes> field{};
    const std::uint64_t size = bytes.size();
    for (std::size_t i = 0; i < 8; ++i) {
        field[i] = static_cast<char>(size >> (56 - 8 * i) & 0xff);
    }
    if (bytes.size() > short_bytes) {
        update(std::string_view(field.data(), 8));
        update(bytes);
        return;
    }
    // In one: each update costs more than a short field's bytes.
    std::copy(bytes.begin(), bytes.end(), field.begin() + 8);
    update(std::string_view(field.data(), 8 + bytes.size()));
}

std::string Sha256::finish() {
    std::string digest(32, '\0');
    CHATEAR_ASSERT(
        EVP_DigestFinal_ex(
            context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr
        ) == 1
    );
    return digest;
}

std::string sha256(std::string_view bytes) {
    std::string digest(32, '\0');
    CHATEAR_ASSERT(
        EVP_Digest(
            bytes.data(),
            bytes.size(),
            reinterpret_cast<unsigned char*>(digest.data()),
            nullptr,
            sha256_method(),
            nullptr
        ) == 1
    );
    return digest;
}

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text(bytes.size() * 2, '\0');
    auto place = text.begin();
    for (const char byte : bytes) {
        *place++ = digits[static_cast<unsigned char>(byte) >> 4];
        *place++ = digits[static_cast<unsigned char>(byte) & 0x0f];
    }
    return text;
}

std::string to_base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

Result<std::string> from_base64(std::string_view text) {
    const Error bad{"not base64 (RFC 4648, section 4, with padding and without line breaks)"};
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    const std::string_view digits = text.substr(0, text.size() - padding);
    const bool clean =
        digits.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        ) == std::string_view::npos;
    if (text.size() % 4 != 0 || !clean) {
        return bad;
    }
    std::string bytes(text.size() / 4 * 3, '\0');
    const int length = EVP_DecodeBlock(
        reinterpret_cast<unsigned char*>(bytes.data()),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    if (length < 0) {
        return bad;
    }
    bytes.resize(static_cast<std::size_t>(length) - padding);
    return bytes;
}

}  // namespace chatear
