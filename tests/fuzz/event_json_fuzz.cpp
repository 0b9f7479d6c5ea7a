// Any bytes as an event: refused with a reason, or an e-mail whose bytes hold no bare CR or LF and
// whose digest does not depend on how the JSON was written.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "mail/mime_writer.hpp"
#include "notification/email_send.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

mail::Message message_of(const notification::EmailSend& event) {
    mail::Message message;
    message.from = {"Chatear", "no-reply", "example.org"};
    message.to = event.recipient;
    message.reply_to = event.reply_to;
    message.subject = event.subject;
    message.text = event.body;
    message.html = event.html;
    message.headers = event.headers;
    message.attachments = event.attachments;
    message.message_id = "<id@example.org>";
    return message;
}

void check_breaks(std::string_view bytes) {
    for (std::size_t place = 0; place < bytes.size(); ++place) {
        CHATEAR_ASSERT(bytes[place] != '\0' && bytes[place] != '\n');
        if (bytes[place] == '\r') {
            CHATEAR_ASSERT(bytes.substr(place++, 2) == "\r\n");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto event = notification::decode_email_send(text);
    if (!event) {
        CHATEAR_ASSERT(!event.error().message.empty());
        return 0;
    }
    mail::MimeCapabilities server;
    server.smtputf8 = true;
    check_breaks(mail::write_mime(message_of(*event), server));
    const std::string again = to_json_text(*parse_json(text));
    const auto same = notification::decode_email_send(again);
    CHATEAR_ASSERT(
        same && notification::content_digest(*same) == notification::content_digest(*event)
    );
    return 0;
}
