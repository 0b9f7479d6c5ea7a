#include "nats/nkey.hpp"

#include "base/assert.hpp"
#include "base/digest.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

namespace chatear::nats {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::uint8_t seed_prefix = 18 << 3;  // S
constexpr std::size_t raw_seed_bytes = 32;
constexpr std::size_t signature_bytes = 64;

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

Key private_key(std::string_view raw_seed) {
    Key key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes_of(raw_seed), raw_seed.size())
    );
    CHATEAR_ASSERT(key);
    return key;
}

std::string with_checksum(std::string bytes) {
    const std::uint16_t checksum = crc16(bytes);
    bytes.push_back(static_cast<char>(checksum & 0xff));
    bytes.push_back(static_cast<char>(checksum >> 8));
    return bytes;
}

bool known_role(std::uint8_t role) {
    return role == static_cast<std::uint8_t>(NkeyRole::user) ||
           role == static_cast<std::uint8_t>(NkeyRole::account) ||
           role == static_cast<std::uint8_t>(NkeyRole::operator_);
}

}  // namespace

std::string to_base32(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        count += 8;
        while (count >= 5) {
            count -= 5;
            text += alphabet[(bits >> count) & 31];
        }
    }
    if (count > 0) {
        text += alphabet[(bits << (5 - count)) & 31];
    }
    return text;
}

Result<std::string> from_base32(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const std::size_t value = alphabet.find(c);
        if (value == std::string_view::npos) {
            return Error{"base32 has the letters A to Z and the digits 2 to 7 only"};
        }
        bits = (bits << 5) | static_cast<std::uint32_t>(value);
        count += 5;
        if (count >= 8) {
            count -= 8;
            bytes.push_back(static_cast<char>((bits >> count) & 0xff));
        }
    }
    if (count >= 5 || (bits & ((1U << count) - 1)) != 0) {
        return Error{"base32 that ends within a byte"};
    }
    return bytes;
}

std::string to_base64_url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::uint16_t crc16(std::string_view bytes) {
    std::uint32_t crc = 0;
    for (const char c : bytes) {
        crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
        }
    }
    return static_cast<std::uint16_t>(crc & 0xffff);
}

Nkey::Nkey(NkeyRole role, std::string raw_seed) : role_(role), raw_seed_(std::move(raw_seed)) {
    std::array<unsigned char, raw_seed_bytes> key{};
    std::size_t size = key.size();
    CHATEAR_ASSERT(
        EVP_PKEY_get_raw_public_key(private_key(raw_seed_.reveal()).get(), key.data(), &size) == 1
    );
    std::string bytes(1, static_cast<char>(role_));
    bytes.append(key.begin(), key.end());
    public_key_ = to_base32(with_checksum(std::move(bytes)));
}

Nkey Nkey::from_raw_seed(NkeyRole role, std::string raw_seed) {
    CHATEAR_ASSERT(raw_seed.size() == raw_seed_bytes);
    return Nkey(role, std::move(raw_seed));
}

Result<Nkey> Nkey::from_seed(std::string_view seed) {
    const Result<std::string> bytes = from_base32(seed);
    if (!bytes || bytes->size() != 2 + raw_seed_bytes + 2) {
        return Error{"not the seed of an nkey: it has 58 letters and digits and begins with SU"};
    }
    const std::string content = bytes->substr(0, 2 + raw_seed_bytes);
    if (with_checksum(content) != *bytes) {
        return Error{"the seed of the nkey has a wrong checksum: a letter is missing or mistyped"};
    }
    const auto first = static_cast<std::uint8_t>(content[0]);
    const auto second = static_cast<std::uint8_t>(content[1]);
    const auto role = static_cast<std::uint8_t>((first & 7) << 5 | second >> 3);
    if ((first & 0xf8) != seed_prefix || !known_role(role)) {
        return Error{
            "a key that is no seed of a user, account or operator: a user's seed begins with SU"};
    }
    return Nkey(static_cast<NkeyRole>(role), content.substr(2));
}

std::string Nkey::seed() const {
    const auto role = static_cast<std::uint8_t>(role_);
    std::string bytes;
    bytes.push_back(static_cast<char>(seed_prefix | role >> 5));
    bytes.push_back(static_cast<char>((role & 31) << 3));
    bytes += raw_seed_.reveal();
    return to_base32(with_checksum(std::move(bytes)));
}

std::string Nkey::sign(std::string_view bytes) const {
    const Key key = private_key(raw_seed_.reveal());
    const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
    CHATEAR_ASSERT(
        context && EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1
    );
    std::array<unsigned char, signature_bytes> signature{};
    std::size_t size = signature.size();
    CHATEAR_ASSERT(
        EVP_DigestSign(context.get(), signature.data(), &size, bytes_of(bytes), bytes.size()) == 1
    );
    return {signature.begin(), signature.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace chatear::nats
