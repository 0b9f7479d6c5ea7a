#include "nats/stored_message.hpp"

#include "base/digest.hpp"
#include "nats/json_fields.hpp"
#include "nats/protocol.hpp"

namespace chatear::nats {

Result<StoredMessage> read_stored_message(const boost::json::object& answer) {
    const Error unreadable{"JetStream gave a stored message that cannot be read"};
    const boost::json::object* object = object_field(answer, "message");
    if (!object) {
        return unreadable;
    }
    StoredMessage stored;
    stored.seq = count_field(*object, "seq");
    stored.time = text_field(*object, "time");
    stored.message.subject = text_field(*object, "subject");
    const Result<std::string> payload = from_base64(text_field(*object, "data"));
    const Result<std::string> headers = from_base64(text_field(*object, "hdrs"));
    if (!payload || !headers || stored.seq == 0) {
        return unreadable;
    }
    read_header_block(*headers, stored.message);
    stored.message.payload = *payload;
    return stored;
}

}  // namespace chatear::nats
