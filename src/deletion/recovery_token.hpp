#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace chatear::deletion {

/// What a recovery link carries (rule 5). The text goes into the mail and nowhere else; what is
/// stored is its digest.
struct RecoveryToken {
    std::string text;    ///< 256 random bits as 64 digits of lower-case hexadecimal.
    std::string sha256;  ///< Of the text; 32 raw bytes.
};

RecoveryToken make_recovery_token();

/// The digest of a token that somebody shows; nothing where it has not the form of one.
std::optional<std::string> recovery_token_sha256(std::string_view text);

}  // namespace chatear::deletion
