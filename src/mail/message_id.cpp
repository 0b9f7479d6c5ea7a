#include "mail/message_id.hpp"

#include "base/digest.hpp"

namespace chatear::mail {

std::string stable_message_id(std::string_view event_id, std::string_view from_domain) {
    std::string id = "<";
    id += to_hex(sha256(event_id)).substr(0, 40);
    id += '@';
    id += from_domain;
    id += '>';
    return id;
}

}  // namespace chatear::mail
