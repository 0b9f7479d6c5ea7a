#pragma once

#include "mail/address.hpp"

#include <string>
#include <string_view>

namespace chatear::mail {

// Each appends one whole header field, "Name: value CRLF", folded under 78 characters a line where
// there is white space to fold at. None lets a control character of its value through: they
// become spaces. `name` must be a header's name (it is a constant, or check_custom_header saw it).

/// Free text: as it is where it is plain ASCII, else encoded words, so that a reader gets back
/// every character, also several spaces in a row.
void append_free_text_field(std::string& out, std::string_view name, std::string_view value);

/// A value with a syntax of its own (List-Unsubscribe, References): never encoded, outer spaces
/// dropped. Bytes that are not printable ASCII become '?'.
void append_structured_field(std::string& out, std::string_view name, std::string_view value);

/// One mailbox, with its name as atoms, quoted or as encoded words, whichever it needs.
void append_mailbox_field(std::string& out, std::string_view name, const Address& mailbox);

}  // namespace chatear::mail
