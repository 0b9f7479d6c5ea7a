#pragma once

#include "mail/message.hpp"

#include <string>

namespace chatear::mail {

/// What the server that gets the bytes announced.
struct MimeCapabilities {
    bool eight_bit_mime = false;  ///< 8BITMIME (RFC 6152).
    bool smtputf8 = false;        ///< SMTPUTF8 (RFC 6531).
};

/// The message as it goes over the wire, before dot-stuffing (RFC 5322, 2045, 2047, 2231): line
/// breaks are CRLF and nothing else holds CR or LF, no NUL, no line over 998 bytes, all ASCII but
/// 8bit bodies and UTF-8 local parts. The same message gives the same bytes, boundaries included.
/// A mailbox that needs_smtputf8() requires `smtputf8`: who sends must have refused it before.
std::string write_mime(const Message& message, const MimeCapabilities& server);

/// Whether the bytes of write_mime need SMTPUTF8 on MAIL, because a header has a UTF-8 local part.
bool needs_smtputf8(const Message& message);

}  // namespace chatear::mail
