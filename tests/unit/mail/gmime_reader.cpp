#include "gmime_reader.hpp"

#include <gmime/gmime.h>

#include <memory>
#include <stdexcept>

namespace chatear::mail::test {
namespace {

struct Unref {
    void operator()(void* object) const { g_object_unref(object); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

std::string text_of(const char* text) {
    return text == nullptr ? "" : text;
}

std::vector<ReadMailbox> mailboxes_of(InternetAddressList* list) {
    std::vector<ReadMailbox> mailboxes;
    for (int place = 0; place < internet_address_list_length(list); ++place) {
        InternetAddress* address = internet_address_list_get_address(list, place);
        const char* spec =
            INTERNET_ADDRESS_IS_MAILBOX(address) != 0
                ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(address))
                : nullptr;
        mailboxes.push_back({text_of(internet_address_get_name(address)), text_of(spec)});
    }
    return mailboxes;
}

std::string content_of(GMimePart* part) {
    const Owned<GMimeStream> stream(g_mime_stream_mem_new());
    g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(part), stream.get());
    const GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream.get()));
    return std::string(reinterpret_cast<const char*>(bytes->data), bytes->len);
}

std::string without_carriage_returns(const std::string& text) {
    std::string result;
    for (const char byte : text) {
        if (byte != '\r') {
            result += byte;
        }
    }
    return result;
}

void read_part(GMimeObject* object, ReadMessage& message) {
    if (GMIME_IS_MULTIPART(object) != 0) {
        GMimeMultipart* multipart = GMIME_MULTIPART(object);
        for (int place = 0; place < g_mime_multipart_get_count(multipart); ++place) {
            read_part(g_mime_multipart_get_part(multipart, place), message);
        }
        return;
    }
    if (GMIME_IS_PART(object) == 0) {
        throw std::runtime_error("neither a multipart nor a part");
    }
    GMimePart* part = GMIME_PART(object);
    GMimeContentType* type = g_mime_object_get_content_type(object);
    const std::unique_ptr<char, void (*)(void*)> name(
        g_mime_content_type_get_mime_type(type), g_free
    );
    if (text_of(g_mime_object_get_disposition(object)) == "attachment") {
        message.attachments.push_back(
            {text_of(g_mime_part_get_filename(part)), name.get(), content_of(part)}
        );
    } else if (std::string(name.get()) == "text/plain") {
        message.text = without_carriage_returns(content_of(part));
    } else if (std::string(name.get()) == "text/html") {
        message.html = without_carriage_returns(content_of(part));
    } else {
        throw std::runtime_error("an unexpected part");
    }
}

}  // namespace

ReadMessage read_with_gmime(const std::string& bytes) {
    static const bool started = (g_mime_init(), true);
    static_cast<void>(started);
    const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(bytes.data(), bytes.size()));
    const Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
    const Owned<GMimeMessage> parsed(g_mime_parser_construct_message(parser.get(), nullptr));
    if (parsed == nullptr) {
        throw std::runtime_error("GMime reads no message");
    }
    ReadMessage message;
    message.from = mailboxes_of(g_mime_message_get_from(parsed.get()));
    message.to = mailboxes_of(g_mime_message_get_to(parsed.get()));
    message.reply_to = mailboxes_of(g_mime_message_get_reply_to(parsed.get()));
    message.subject = text_of(g_mime_message_get_subject(parsed.get()));
    message.message_id = text_of(g_mime_message_get_message_id(parsed.get()));
    GDateTime* date = g_mime_message_get_date(parsed.get());
    message.date = date == nullptr ? -1 : g_date_time_to_unix(date);
    message.note = text_of(g_mime_object_get_header(GMIME_OBJECT(parsed.get()), "X-Note"));
    message.unsubscribe =
        text_of(g_mime_object_get_header(GMIME_OBJECT(parsed.get()), "List-Unsubscribe"));
    read_part(g_mime_message_get_mime_part(parsed.get()), message);
    return message;
}

}  // namespace chatear::mail::test
