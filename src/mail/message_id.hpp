#pragma once

#include <string>
#include <string_view>

namespace chatear::mail {

/// The Message-ID (RFC 5322, 3.6.4), with its angle brackets, of the e-mail that an event asks
/// for: the same for the same event in every process and at every attempt, so that a second copy
/// can be told as one. The id itself is hashed: it may hold anything and is nobody's business.
std::string stable_message_id(std::string_view event_id, std::string_view from_domain);

}  // namespace chatear::mail
