#include "mail/message_id.hpp"

#include "base/digest.hpp"

namespace chatear::mail {

std::string stable_message_id(std::string_view event_id, std::string_view from_domain) {
    const std::string digest = sha256(event_id);
    std::string id;
    id.reserve(1 + 40 + 1 + from_domain.size() + 1);
    id += '<';
    id += to_hex(std::string_view(digest).substr(0, 20));
    id += '@';
    id += from_domain;
    id += '>';
    return id;
}

}  // namespace chatear::mail
