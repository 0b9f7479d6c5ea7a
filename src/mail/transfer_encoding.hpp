#pragma once

#include <string>
#include <string_view>

namespace chatear::mail {

/// How a part's bytes are written (RFC 2045, section 6). 7bit and 8bit are the lines as they are.
enum class TransferEncoding { seven_bit, eight_bit, quoted_printable, base64 };

/// The name for the Content-Transfer-Encoding header.
std::string_view name_of(TransferEncoding encoding);

/// The plainest encoding that carries `text` unharmed: as it is where its lines are short enough
/// (998, RFC 5322, 2.1.1), it holds no control characters, no line that could be taken for one of
/// our boundaries ("--=_") or for mbox's "From ", and no 8-bit byte that the server has no
/// 8BITMIME for (RFC 6152); else the shorter of quoted-printable and base64.
TransferEncoding choose_text_encoding(std::string_view text, bool eight_bit_mime);

/// Appends `text` in that encoding as whole lines that end with CRLF; every CR, LF and CRLF of the
/// text is one line break, NUL is dropped, and a last line without a break gets one. Nothing for
/// an empty text.
void append_text(std::string& out, std::string_view text, TransferEncoding encoding);

/// Appends any bytes as base64 lines of 76 characters that end with CRLF.
void append_base64_lines(std::string& out, std::string_view bytes);

/// Appends base64 without line breaks.
void append_base64(std::string& out, std::string_view bytes);

}  // namespace chatear::mail
