// Fields cut at '|' as an event: what decode_email_send() lets through is read by GMime as it went
// in, whatever it holds.
#include "base/assert.hpp"
#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"
#include "mail/mime_writer.hpp"
#include "notification/email_send.hpp"
#include "unit/mail/gmime_reader.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

std::string take_field(std::string_view& input) {
    const std::size_t end = std::min(input.find('|'), input.size());
    std::string field = valid_utf8(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
    return field;
}

std::string event_of(std::string_view input) {
    boost::json::object event;
    event["recipient"] = take_field(input);
    event["subject"] = take_field(input);
    event["headers"] = boost::json::object{{"X-Note", take_field(input)}};
    const std::string filename = take_field(input);
    event["attachments"] = boost::json::array{boost::json::object{
        {"filename", filename},
        {"content_type", "text/plain"},
        {"content", to_base64(take_field(input))}}};
    event["html"] = take_field(input);
    event["body"] = valid_utf8(input);
    return to_json_text(event);
}

/// As a reader gives it back: every break '\n', and those at the end left out.
std::string plain(const std::string& text) {
    std::string lines;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool pair = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
        if (text[at] != '\0' && !pair) {
            lines += text[at] == '\r' ? '\n' : text[at];
        }
    }
    lines.erase(lines.find_last_not_of('\n') + 1);
    return lines;
}

/// GMime takes them off a name, also where they were encoded.
std::string_view without_blanks(std::string_view name) {
    while (name.starts_with(' ')) {
        name.remove_prefix(1);
    }
    while (name.ends_with(' ')) {
        name.remove_suffix(1);
    }
    return name;
}

void check(const mail::Message& sent, const mail::test::ReadMessage& got) {
    CHATEAR_ASSERT(got.subject == sent.subject);
    CHATEAR_ASSERT(got.to.size() == 1);
    CHATEAR_ASSERT(without_blanks(got.to[0].name) == without_blanks(sent.to.display_name));
    CHATEAR_ASSERT(got.from.size() == 1 && got.note == sent.headers.at(0).second);
    CHATEAR_ASSERT(plain(got.text.value_or("")) == plain(sent.text.value_or("")));
    CHATEAR_ASSERT(plain(got.html.value_or("")) == plain(sent.html.value_or("")));
    CHATEAR_ASSERT(got.attachments.size() == sent.attachments.size());
    for (std::size_t at = 0; at < sent.attachments.size(); ++at) {
        CHATEAR_ASSERT(got.attachments[at].filename == sent.attachments[at].filename);
        CHATEAR_ASSERT(got.attachments[at].bytes == sent.attachments[at].bytes);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string event_text = event_of({reinterpret_cast<const char*>(data), size});
    const auto event = notification::decode_email_send(event_text);
    if (!event) {
        return 0;
    }
    mail::Message message;
    message.from = {"Chatear", "no-reply", "example.org"};
    message.to = event->recipient;
    message.subject = event->subject;
    message.text = event->body;
    message.html = event->html;
    message.headers = event->headers;
    message.attachments = event->attachments;
    message.message_id = "<id@example.org>";
    for (const bool eight_bit : {false, true}) {
        const std::string bytes =
            mail::write_mime(message, {.eight_bit_mime = eight_bit, .smtputf8 = true});
        check(message, mail::test::read_with_gmime(bytes));
    }
    return 0;
}
