#include "smtp/envelope.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace chatear::smtp {
namespace {

constexpr std::size_t max_path_bytes = 254;  // 256 with its angle brackets (RFC 5321, 4.5.3.1.3).
constexpr std::size_t max_local_part_bytes = 64;
constexpr std::size_t max_domain_bytes = 255;

bool is_eight_bit(char character) {
    return static_cast<unsigned char>(character) >= 0x80;
}

/// Eight characters at a time: it is asked of whole contents.
bool has_eight_bit(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080'8080'8080'8080;
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (; at + sizeof seen <= text.size(); at += sizeof seen) {
        std::uint64_t characters = 0;
        std::memcpy(&characters, text.data() + at, sizeof characters);
        seen |= characters;
    }
    text.remove_prefix(at);
    return (seen & high_bits) != 0 || std::any_of(text.begin(), text.end(), is_eight_bit);
}

bool is_control(char character) {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}

/// Every character may stand where it does: inside the quotes of a local part white space and
/// angle brackets are allowed (RFC 5321, 4.1.2), outside they are not, controls nowhere.
bool has_safe_characters(std::string_view address) {
    bool quoted = false;
    bool escaped = false;
    for (const char character : address) {
        if (is_control(character)) {
            return false;
        }
        if (escaped) {
            escaped = false;
        } else if (character == '"') {
            quoted = !quoted;
        } else if (quoted) {
            escaped = character == '\\';
        } else if (std::string_view(" <>\\,;()").find(character) != std::string_view::npos) {
            return false;
        }
    }
    return !quoted;
}

Result<void> check_address(std::string_view address, std::string_view role) {
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos || at == 0 || at + 1 == address.size()) {
        return Error{std::string(role) + " has no local part or no domain"};
    }
    const bool too_long = address.size() > max_path_bytes || at > max_local_part_bytes ||
                          address.size() - at - 1 > max_domain_bytes;
    if (too_long) {
        return Error{std::string(role) + " is longer than RFC 5321 allows"};
    }
    if (!has_safe_characters(address) || address.find('"', at) != std::string_view::npos) {
        return Error{std::string(role) + " holds a character that may not stand in an address"};
    }
    return {};
}

}  // namespace

Result<void> check(const Envelope& envelope) {
    if (!envelope.mail_from.empty()) {
        const Result<void> sender = check_address(envelope.mail_from, "the sender's address");
        if (!sender) {
            return sender.error();
        }
    }
    return check_address(envelope.rcpt_to, "the recipient's address");
}

bool needs_smtputf8(const Envelope& envelope) {
    return envelope.needs_smtputf8 || has_eight_bit(envelope.mail_from) ||
           has_eight_bit(envelope.rcpt_to);
}

std::string mail_parameters(
    const Envelope& envelope, std::string_view content, const Extensions& extensions
) {
    std::string parameters;
    if (extensions.size) {
        parameters += " SIZE=" + std::to_string(content.size());
    }
    const bool international = needs_smtputf8(envelope);
    if (extensions.eight_bit_mime && (international || has_eight_bit(content))) {
        parameters += " BODY=8BITMIME";
    }
    if (international) {
        parameters += " SMTPUTF8";
    }
    return parameters;
}

Result<void> check_possible(
    const Envelope& envelope, std::string_view content, const Extensions& extensions
) {
    if (needs_smtputf8(envelope) && !extensions.smtputf8) {
        return Error{"5.6.7 the address needs SMTPUTF8, which the mail server does not offer"};
    }
    if (!extensions.eight_bit_mime && has_eight_bit(content)) {
        return Error{"5.6.3 the content is 8-bit, and the mail server does not offer 8BITMIME"};
    }
    if (extensions.max_message_bytes != 0 && content.size() > extensions.max_message_bytes) {
        return Error{
            "5.3.4 the message has " + std::to_string(content.size()) +
            " bytes, the mail server takes at most " +
            std::to_string(extensions.max_message_bytes)};
    }
    return {};
}

}  // namespace chatear::smtp
