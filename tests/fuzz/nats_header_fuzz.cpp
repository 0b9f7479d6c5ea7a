// A publisher's header block, which no server looks into: what we could write ourselves is read
// back as it was, and what of it goes into an outbox row or a dead letter may stand on the wire.
#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "nats/protocol.hpp"
#include "runtime/event.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

void check_on_the_wire(const nats::Headers& headers) {
    CHATEAR_ASSERT(nats::check_headers(headers));
    nats::Message again;
    nats::read_header_block(nats::encode_header_block(headers), again);
    CHATEAR_ASSERT(again.headers.size() == headers.size() && again.status == 0);
    for (std::size_t at = 0; at < headers.size(); ++at) {
        CHATEAR_ASSERT(again.headers[at].first == headers[at].first);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    nats::Message message;
    nats::read_header_block(bytes, message);
    if (nats::check_headers(message.headers)) {
        nats::Message again;
        nats::read_header_block(nats::encode_header_block(message.headers), again);
        CHATEAR_ASSERT(again.headers == message.headers);
    }
    check_on_the_wire(runtime::republished(message.headers));
    check_on_the_wire(runtime::republished(runtime::without_nats_headers(message.headers)));
    const std::string line = runtime::header_value(bytes);
    CHATEAR_ASSERT(line.size() <= 3 * 1000 && valid_utf8(line) == line);
    CHATEAR_ASSERT(nats::check_headers({{"X", line}}));

    runtime::StoredMessage stored{"email.send", "{}", message.headers, "S", 1, 1};
    const runtime::Identified who = runtime::identify(stored, std::nullopt, std::string(32, 'x'));
    CHATEAR_ASSERT(!who.event.event_id.empty());
    CHATEAR_ASSERT(who.event.event_id.size() <= runtime::max_event_id_bytes);
    nats::Headers ours = runtime::republished(message.headers);
    runtime::set_identity(ours, who.event.event_id, 1, who.event.published_at);
    check_on_the_wire(ours);
    return 0;
}
