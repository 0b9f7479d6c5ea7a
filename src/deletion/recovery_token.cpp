#include "deletion/recovery_token.hpp"

#include "base/digest.hpp"
#include "base/ids.hpp"

#include <cstddef>
#include <utility>

namespace chatear::deletion {
namespace {

constexpr std::size_t token_bytes = 32;

}  // namespace

RecoveryToken make_recovery_token() {
    std::string text = to_hex(random_bytes(token_bytes));
    std::string digest = sha256(text);
    return {std::move(text), std::move(digest)};
}

std::optional<std::string> recovery_token_sha256(std::string_view text) {
    if (text.size() != 2 * token_bytes ||
        text.find_first_not_of("0123456789abcdef") != std::string_view::npos) {
        return std::nullopt;
    }
    return sha256(text);
}

}  // namespace chatear::deletion
