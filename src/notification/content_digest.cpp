#include "base/digest.hpp"
#include "base/json.hpp"
#include "base/utc.hpp"
#include "notification/email_send.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace chatear::notification {
namespace {

namespace json = boost::json;

/// The value with each object's members in order of their keys, as fields of the digest. Every
/// value begins with its kind and containers with their size, so that no two trees are alike.
void add_value(Sha256& digest, const json::value& value) {
    if (const json::object* object = value.if_object()) {
        std::vector<const json::key_value_pair*> members;
        members.reserve(object->size());
        for (const json::key_value_pair& member : *object) {
            members.push_back(&member);
        }
        std::sort(members.begin(), members.end(), [](const auto* one, const auto* other) {
            return one->key() < other->key();
        });
        digest.update_field("object" + std::to_string(members.size()));
        for (const json::key_value_pair* member : members) {
            digest.update_field(member->key());
            add_value(digest, member->value());
        }
    } else if (const json::array* array = value.if_array()) {
        digest.update_field("list" + std::to_string(array->size()));
        for (const json::value& item : *array) {
            add_value(digest, item);
        }
    } else if (const json::string* text = value.if_string()) {
        digest.update_field("text");
        digest.update_field(*text);
    } else {
        digest.update_field("other");
        digest.update_field(to_json_text(value));
    }
}

void add_optional(Sha256& digest, const std::optional<std::string>& text) {
    digest.update_field(text ? "there" : "absent");
    digest.update_field(text.value_or(""));
}

void add_address(Sha256& digest, const mail::Address& address) {
    digest.update_field(address.display_name);
    digest.update_field(address.addr_spec());
}

}  // namespace

std::string content_digest(const EmailSend& event) {
    Sha256 digest;
    digest.update_field("email.send 1");
    add_address(digest, event.recipient);
    digest.update_field(event.subject);
    digest.update_field(event.body);
    add_optional(digest, event.html);
    digest.update_field(event.template_name);
    add_value(digest, event.template_data);
    add_address(digest, event.reply_to.value_or(mail::Address{}));
    digest.update_field(std::to_string(event.headers.size()));
    for (const auto& [name, value] : event.headers) {
        digest.update_field(name);
        digest.update_field(value);
    }
    digest.update_field(std::to_string(event.attachments.size()));
    for (const mail::Attachment& attachment : event.attachments) {
        digest.update_field(attachment.filename);
        digest.update_field(attachment.content_type);
        digest.update_field(attachment.bytes);
    }
    digest.update_field(event.locale);
    digest.update_field(event.send_at ? format_time(*event.send_at) : "");
    return digest.finish();
}

}  // namespace chatear::notification
