#pragma once

#include "base/result.hpp"
#include "base/secret.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace chatear::nats {

/// RFC 4648 section 6, without padding.
std::string to_base32(std::string_view bytes);
Result<std::string> from_base32(std::string_view text);

/// RFC 4648 section 5 without padding: how signatures travel in CONNECT.
std::string to_base64_url(std::string_view bytes);

/// CRC-16/XMODEM, what nkeys end with (github.com/nats-io/nkeys, crc16.go).
std::uint16_t crc16(std::string_view bytes);

/// The role that is written into a key: its first character.
enum class NkeyRole : std::uint8_t {
    operator_ = 14 << 3,  ///< O  NOLINT(readability-identifier-naming): a keyword.
    account = 0,          ///< A
    user = 20 << 3,       ///< U
};

/// An Ed25519 key pair in the form that NATS gives it (github.com/nats-io/nkeys).
class Nkey {
public:
    /// From `SU...`: a seed with its role. An Error does not repeat the seed.
    static Result<Nkey> from_seed(std::string_view seed);

    /// From 32 secret bytes.
    static Nkey from_raw_seed(NkeyRole role, std::string raw_seed);

    const std::string& public_key() const { return public_key_; }  ///< `U...`.
    std::string seed() const;                                      ///< `SU...`.
    std::string sign(std::string_view bytes) const;                ///< 64 raw bytes.

private:
    Nkey(NkeyRole role, std::string raw_seed);

    NkeyRole role_;
    Secret raw_seed_;
    std::string public_key_;
};

}  // namespace chatear::nats
