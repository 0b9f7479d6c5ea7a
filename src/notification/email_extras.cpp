#include "notification/email_extras.hpp"

#include "base/digest.hpp"
#include "mail/characters.hpp"
#include "mail/custom_header.hpp"
#include "notification/json_field.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace chatear::notification {
namespace {

namespace json = boost::json;

using Header = std::pair<std::string, std::string>;

bool name_is_less(const Header& one, const Header& other) {
    return std::lexicographical_compare(
        one.first.begin(),
        one.first.end(),
        other.first.begin(),
        other.first.end(),
        [](char a, char b) { return mail::to_lower_ascii(a) < mail::to_lower_ascii(b); }
    );
}

Result<mail::Attachment> read_attachment(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) {
        return Error{"an attachment is no object"};
    }
    mail::Attachment attachment;
    auto filename = short_text_field(*object, "filename", mail::max_filename_bytes);
    auto type = short_text_field(*object, "content_type", mail::max_content_type_bytes);
    const auto content = text_field(*object, "content", max_email_event_bytes);
    if (!filename || !type || !content) {
        return !filename ? filename.error() : !type ? type.error() : content.error();
    }
    if (!*content) {
        return Error{"content is missing"};
    }
    auto bytes = from_base64(**content);
    if (!bytes) {
        return Error{"content: " + bytes.error().message};
    }
    attachment.filename = *std::move(filename);
    attachment.content_type = type->empty() ? "application/octet-stream" : *std::move(type);
    attachment.bytes = *std::move(bytes);
    const auto checked = mail::check_attachment(attachment);
    if (!checked) {
        return checked.error();
    }
    return attachment;
}

/// Counts the values of a tree and looks how deep it is; false when over the bounds.
bool within_bounds(const json::value& value, std::size_t depth, std::size_t& values) {
    if (depth > max_template_data_depth || ++values > max_template_data_values) {
        return false;
    }
    if (const json::object* object = value.if_object()) {
        return std::all_of(object->begin(), object->end(), [&](const auto& member) {
            return within_bounds(member.value(), depth + 1, values);
        });
    }
    if (const json::array* array = value.if_array()) {
        return std::all_of(array->begin(), array->end(), [&](const json::value& item) {
            return within_bounds(item, depth + 1, values);
        });
    }
    return true;
}

}  // namespace

Result<void> read_headers(const json::object& event, EmailSend& email) {
    const json::value* value = find_field(event, "headers");
    if (value == nullptr) {
        return {};
    }
    const json::object* headers = value->if_object();
    if (headers == nullptr) {
        return field_error("headers", "is no object");
    }
    if (headers->size() > max_headers) {
        return field_error("headers", fmt::format("has more than {} headers", max_headers));
    }
    for (const auto& [name, text] : *headers) {
        if (!text.is_string()) {
            return field_error("headers", "has a value that is no text");
        }
        const auto checked = mail::check_custom_header(name, text.get_string());
        if (!checked) {
            return field_error("headers", checked.error().message);
        }
        email.headers.emplace_back(name, text.get_string());
    }
    std::sort(email.headers.begin(), email.headers.end(), name_is_less);
    const auto twice = std::adjacent_find(
        email.headers.begin(),
        email.headers.end(),
        [](const Header& one, const Header& other) {
            return mail::equal_ignoring_case(one.first, other.first);
        }
    );
    if (twice != email.headers.end()) {
        return field_error("headers", fmt::format("header {} stands twice", twice->first));
    }
    return {};
}

Result<void> read_attachments(const json::object& event, EmailSend& email) {
    const json::value* value = find_field(event, "attachments");
    if (value == nullptr) {
        return {};
    }
    const json::array* attachments = value->if_array();
    if (attachments == nullptr) {
        return field_error("attachments", "is no list");
    }
    if (attachments->size() > max_attachments) {
        return field_error("attachments", fmt::format("has more than {} files", max_attachments));
    }
    std::size_t total = 0;
    for (const json::value& item : *attachments) {
        auto attachment = read_attachment(item);
        if (!attachment) {
            const std::size_t number = email.attachments.size() + 1;
            return field_error(
                "attachments", fmt::format("number {}: {}", number, attachment.error().message)
            );
        }
        total += attachment->bytes.size();
        if (total > max_attachment_bytes) {
            return field_error(
                "attachments", fmt::format("are over {} bytes together", max_attachment_bytes)
            );
        }
        email.attachments.push_back(*std::move(attachment));
    }
    return {};
}

Result<void> read_template_data(const json::object& event, EmailSend& email) {
    const json::value* value = find_field(event, "template_data");
    if (value == nullptr) {
        return {};
    }
    if (!value->is_object()) {
        return field_error("template_data", "is no object");
    }
    std::size_t values = 0;
    if (!within_bounds(*value, 1, values)) {
        return field_error(
            "template_data",
            fmt::format(
                "is over {} deep or has over {} values",
                max_template_data_depth,
                max_template_data_values
            )
        );
    }
    email.template_data = value->get_object();
    return {};
}

}  // namespace chatear::notification
