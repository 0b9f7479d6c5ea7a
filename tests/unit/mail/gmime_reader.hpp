#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace chatear::mail::test {

struct ReadMailbox {
    std::string name;
    std::string address;
};

struct ReadAttachment {
    std::string filename;
    std::string content_type;
    std::string bytes;
};

/// What a reader understood of a message's bytes.
struct ReadMessage {
    std::vector<ReadMailbox> from;
    std::vector<ReadMailbox> to;
    std::vector<ReadMailbox> reply_to;
    std::string subject;
    std::string message_id;   ///< Without angle brackets.
    std::int64_t date = 0;    ///< Seconds since 1970.
    std::string note;         ///< X-Note.
    std::string unsubscribe;  ///< List-Unsubscribe.
    std::optional<std::string> text;
    std::optional<std::string> html;
    std::vector<ReadAttachment> attachments;
};

/// Reads with GMime.
ReadMessage read_with_gmime(const std::string& bytes);

}  // namespace chatear::mail::test
