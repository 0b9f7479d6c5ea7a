// Any bytes as a `user.delete` or a `user.recover`: refused with a reason, or somebody who is named
// in one way, whose digest does not depend on how the JSON was written.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "deletion/user_delete.hpp"
#include "deletion/user_recover.hpp"
#include "mail/characters.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

void check_ids(const std::string& user_id, const std::string& event_id) {
    CHATEAR_ASSERT(user_id.size() <= deletion::max_user_id_bytes);
    CHATEAR_ASSERT(!mail::has_control_character(user_id));
    CHATEAR_ASSERT(event_id.size() <= deletion::max_event_id_bytes);
    CHATEAR_ASSERT(mail::is_ascii(event_id) && !mail::has_control_character(event_id));
}

void check_delete(std::string_view text) {
    const auto event = deletion::decode_user_delete(text);
    if (!event) {
        CHATEAR_ASSERT(!event.error().message.empty());
        return;
    }
    CHATEAR_ASSERT(!event->user_id.empty());
    check_ids(event->user_id, event->event_id);
    const auto same = deletion::decode_user_delete(to_json_text(*parse_json(text)));
    CHATEAR_ASSERT(same && content_sha256(*same) == content_sha256(*event));
}

void check_recover(std::string_view text) {
    const auto event = deletion::decode_user_recover(text);
    if (!event) {
        CHATEAR_ASSERT(!event.error().message.empty());
        return;
    }
    CHATEAR_ASSERT(event->user_id.empty() != event->token_sha256.empty());
    CHATEAR_ASSERT(event->token_sha256.empty() || event->token_sha256.size() == 32);
    check_ids(event->user_id, event->event_id);
    const auto same = deletion::decode_user_recover(to_json_text(*parse_json(text)));
    CHATEAR_ASSERT(same && content_sha256(*same) == content_sha256(*event));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_delete(text);
    check_recover(text);
    return 0;
}
