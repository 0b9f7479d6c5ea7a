#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::mail {

constexpr std::size_t max_header_name_bytes = 64;
constexpr std::size_t max_header_value_bytes = 4096;

/// The longest run without a space: it cannot be folded, and a line has 998 bytes at most
/// (RFC 5322, 2.1.1).
constexpr std::size_t max_header_word_bytes = 900;

/// The rule for headers that an event may add. Allowed, in any case of letters, are `X-...` and
/// Auto-Submitted, Comments, Feedback-ID, Importance, In-Reply-To, Keywords, List-Archive,
/// List-Help, List-Id, List-Owner, List-Post, List-Subscribe, List-Unsubscribe,
/// List-Unsubscribe-Post, Organization, Precedence, Priority, References and Sensitivity. All
/// others are refused: the writer or the mail servers own them (From, To, Cc, Bcc, Subject, Date,
/// Message-ID, MIME-Version, Content-..., Received, Return-Path, Resent-..., DKIM-Signature, ...).
/// A value is UTF-8 without control characters; outside `X-`, Comments, Keywords and Organization
/// it is ASCII, because those have a syntax in which encoded words have no place.
Result<void> check_custom_header(std::string_view name, std::string_view value);

/// Whether the header's value is free text, where encoded words may stand (RFC 2047, section 5).
bool is_free_text_header(std::string_view name);

}  // namespace chatear::mail
