#pragma once

#include <string_view>

namespace chatear::bench {

/// What is wrong with a message that arrived.
enum class Fault {
    none,
    bare_line_end,    ///< A CR or LF that is not part of a CRLF.
    unfinished,       ///< It does not end with CRLF, or has no body.
    no_message_id,    ///< No Message-ID, or an empty one.
    wrong_recipient,  ///< The envelope's first recipient does not stand in To.
    no_trailer,       ///< The body does not end with the line that tells what it must be.
    wrong_length,     ///< The trailer tells another length.
    wrong_checksum,   ///< The trailer tells another CRC-32.
};
constexpr int fault_count = 8;
std::string_view name_of(Fault fault);

/// The views are into the content that was checked.
struct CheckedMessage {
    Fault fault = Fault::none;
    std::string_view message_id;
    std::string_view body_id;  ///< What the trailer names the body; empty without trailer.
};

/// Checks every byte of a message as it was before dot-stuffing. A body ends with the line
///     chatear-bench <id> <length> <CRC-32 in 8 hex digits>
/// whose length and checksum are of all bytes of the body before that line, each line with its
/// CRLF. `with_trailer` false: the body is any; smtp-source writes none of ours.
CheckedMessage check_message(
    std::string_view content, std::string_view recipient, bool with_trailer
);

}  // namespace chatear::bench
