#include "mail/mime_writer.hpp"

#include "base/assert.hpp"
#include "mail/characters.hpp"
#include "mail/custom_header.hpp"
#include "mail/header_field.hpp"
#include "mail/transfer_encoding.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <iterator>

namespace chatear::mail {
namespace {

constexpr std::array<std::string_view, 7> weekdays = {
    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> months = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// RFC 5322, 3.3, always in UTC.
void append_date(std::string& out, Time date) {
    const auto day = std::chrono::floor<std::chrono::days>(date);
    const std::chrono::year_month_day calendar(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(date - day));
    fmt::format_to(
        std::back_inserter(out),
        "Date: {}, {} {} {:04} {:02}:{:02}:{:02} +0000\r\n",
        weekdays[std::chrono::weekday(day).c_encoding()],
        static_cast<unsigned>(calendar.day()),
        months[static_cast<unsigned>(calendar.month()) - 1],
        static_cast<int>(calendar.year()),
        clock.hours().count(),
        clock.minutes().count(),
        clock.seconds().count()
    );
}

std::uint64_t fnv1a(std::string_view text, std::uint64_t hash) {
    for (const char byte : text) {
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
    }
    return hash;
}

/// The same for the same message. "=_" never comes out of quoted-printable or base64, and a plain
/// text with such a line is not sent plain (choose_text_encoding): so no content can hold it,
/// though the hash is none that resists an attacker.
std::string boundary_of(const Message& message, char level) {
    return fmt::format(
        "=_{}{:016x}{:016x}",
        level,
        fnv1a(message.message_id, 0xcbf29ce484222325U),
        fnv1a(message.message_id, 0x84222325cbf29ce4U)
    );
}

void append_multipart_start(std::string& out, std::string_view kind, std::string_view boundary) {
    out += "Content-Type: multipart/";
    out += kind;
    out += ";\r\n boundary=\"";
    out += boundary;
    out += "\"\r\n\r\n";
}

void append_delimiter(std::string& out, std::string_view boundary, std::string_view end = "") {
    out += "--";
    out += boundary;
    out += end;
    out += "\r\n";
}

void append_text_part(
    std::string& out, std::string_view kind, std::string_view text, const MimeCapabilities& server
) {
    const TransferEncoding encoding = choose_text_encoding(text, server.eight_bit_mime);
    out += "Content-Type: text/";
    out += kind;
    out += "; charset=utf-8\r\nContent-Transfer-Encoding: ";
    out += name_of(encoding);
    out += "\r\n\r\n";
    append_text(out, text, encoding);
}

/// The text, the HTML, or both as alternatives; with the part's headers.
void append_body(std::string& out, const Message& message, const MimeCapabilities& server) {
    if (!message.html) {
        const std::string_view text = message.text ? std::string_view(*message.text) : "";
        append_text_part(out, "plain", text, server);
        return;
    }
    if (!message.text) {
        append_text_part(out, "html", *message.html, server);
        return;
    }
    const std::string boundary = boundary_of(message, 'a');
    append_multipart_start(out, "alternative", boundary);
    append_delimiter(out, boundary);
    append_text_part(out, "plain", *message.text, server);
    append_delimiter(out, boundary);
    append_text_part(out, "html", *message.html, server);
    append_delimiter(out, boundary, "--");
}

void append_content(std::string& out, const Message& message, const MimeCapabilities& server) {
    if (message.attachments.empty()) {
        append_body(out, message, server);
        return;
    }
    const std::string boundary = boundary_of(message, 'm');
    append_multipart_start(out, "mixed", boundary);
    append_delimiter(out, boundary);
    append_body(out, message, server);
    for (const Attachment& attachment : message.attachments) {
        append_delimiter(out, boundary);
        append_attachment_part(out, attachment);
    }
    append_delimiter(out, boundary, "--");
}

void append_headers(std::string& out, const Message& message) {
    append_date(out, message.date);
    append_mailbox_field(out, "From", message.from);
    append_mailbox_field(out, "To", message.to);
    if (message.reply_to) {
        append_mailbox_field(out, "Reply-To", *message.reply_to);
    }
    append_free_text_field(out, "Subject", message.subject);
    append_structured_field(out, "Message-ID", message.message_id);
    for (const auto& [name, value] : message.headers) {
        CHATEAR_ASSERT(check_custom_header(name, value).has_value());
        if (is_free_text_header(name)) {
            append_free_text_field(out, name, value);
        } else {
            append_structured_field(out, name, value);
        }
    }
    out += "MIME-Version: 1.0\r\n";
}

std::size_t size_to_reserve(const Message& message) {
    const std::size_t text = message.text ? message.text->size() : 0;
    const std::size_t html = message.html ? message.html->size() : 0;
    std::size_t size = 2048 + text + html;
    for (const Attachment& attachment : message.attachments) {
        size += 512 + attachment.bytes.size() / 57 * 78 + 78;
    }
    return size + size / 8;
}

}  // namespace

std::string write_mime(const Message& message, const MimeCapabilities& server) {
    CHATEAR_ASSERT(server.smtputf8 || !needs_smtputf8(message));
    std::string out;
    out.reserve(size_to_reserve(message));
    append_headers(out, message);
    append_content(out, message, server);
    return out;
}

bool needs_smtputf8(const Message& message) {
    return message.from.needs_smtputf8() || message.to.needs_smtputf8() ||
           (message.reply_to && message.reply_to->needs_smtputf8());
}

}  // namespace chatear::mail
