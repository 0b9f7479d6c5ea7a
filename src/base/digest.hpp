#pragma once

#include "base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace chatear {

/// SHA-256 over what is given piece by piece (FIPS 180-4).
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    /// Adds raw bytes.
    void update(std::string_view bytes);

    /// Adds a length (8 bytes, big endian) and the bytes, so that two lists of fields that differ
    /// in where one field ends never have the same digest.
    void update_field(std::string_view bytes);

    /// The 32 bytes; the object is used up.
    std::string finish();

private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256(std::string_view bytes);  ///< 32 raw bytes.

std::string to_hex(std::string_view bytes);  ///< Lower case.

/// RFC 4648, section 4, with padding, no line breaks.
std::string to_base64(std::string_view bytes);

/// Strict: padding required, no white space.
Result<std::string> from_base64(std::string_view text);

}  // namespace chatear
