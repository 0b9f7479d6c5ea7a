#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::mail {

/// A file that travels with a message.
struct Attachment {
    std::string filename;      ///< UTF-8; what check_attachment allows.
    std::string content_type;  ///< "type/subtype", no parameters.
    std::string bytes;         ///< Anything.
};

constexpr std::size_t max_filename_bytes = 255;
constexpr std::size_t max_content_type_bytes = 127;

/// Whether the name and type may stand in a part's header: the name is 1 to 255 bytes of UTF-8
/// without control characters, '/' and '\', and neither "." nor ".."; the type is "type/subtype"
/// of RFC 2045's tokens and neither multipart/... nor message/..., which are no leaves.
Result<void> check_attachment(const Attachment& attachment);

/// Appends Content-Type, Content-Transfer-Encoding and Content-Disposition, the empty line, and
/// the content in base64. A name that is not plain ASCII is written as RFC 2231 says, in pieces
/// where it is long.
void append_attachment_part(std::string& out, const Attachment& attachment);

}  // namespace chatear::mail
