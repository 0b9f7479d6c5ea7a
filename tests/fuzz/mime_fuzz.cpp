// Any bytes in every field, cut at '|': what is written has whole, short lines of CRLF only, no
// NUL, and no header but our own.
#include "base/assert.hpp"
#include "mail/characters.hpp"
#include "mail/custom_header.hpp"
#include "mail/message_id.hpp"
#include "mail/mime_writer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear::mail;

std::string take_field(std::string_view& input) {
    const std::size_t end = std::min(input.find('|'), input.size());
    std::string field(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    return field;
}

void check_lines(std::string_view bytes) {
    std::size_t length = 0;
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        CHATEAR_ASSERT(bytes[place] != '\0' && bytes[place] != '\n');
        if (bytes[place] == '\r') {
            CHATEAR_ASSERT(bytes.substr(place, 2) == "\r\n");
            ++place;
            length = 0;
        } else {
            CHATEAR_ASSERT(++length <= 998);
        }
    }
    CHATEAR_ASSERT(length == 0);
}

void check_headers(std::string_view bytes) {
    bytes = bytes.substr(0, bytes.find("\r\n\r\n") + 2);
    while (!bytes.empty()) {
        const std::size_t end = bytes.find("\r\n");
        const std::string_view line = bytes.substr(0, end);
        const std::string_view name = line.substr(0, line.find(':'));
        const bool ours = line.starts_with(' ') || name == "Date" || name == "From" ||
                          name == "To" || name == "Subject" || name == "Message-ID" ||
                          name == "X-Note" || name == "List-Id" || name == "MIME-Version" ||
                          name == "Content-Type" || name == "Content-Transfer-Encoding";
        CHATEAR_ASSERT(ours && is_ascii(line));
        bytes.remove_prefix(end + 2);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input(reinterpret_cast<const char*>(data), size);
    Message message;
    message.from = {take_field(input).substr(0, 256), "no-reply", "example.org"};
    message.to = {take_field(input).substr(0, 256), "ann", "example.org"};
    message.subject = take_field(input);
    for (const char* name : {"X-Note", "List-Id"}) {
        const std::string value = take_field(input);
        if (check_custom_header(name, value)) {
            message.headers.emplace_back(name, value);
        }
    }
    const Attachment attachment{take_field(input), take_field(input), take_field(input)};
    if (check_attachment(attachment)) {
        message.attachments.push_back(attachment);
    }
    message.message_id = stable_message_id(take_field(input), "example.org");
    message.html = take_field(input);
    message.text = std::string(input);
    for (const bool eight_bit : {false, true}) {
        const std::string bytes = write_mime(message, {.eight_bit_mime = eight_bit});
        check_lines(bytes);
        check_headers(bytes);
    }
    return 0;
}
