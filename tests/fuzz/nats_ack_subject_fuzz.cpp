// The reply subject of a delivery: read, or refused; and what was read says the same in both forms.
#include "base/assert.hpp"
#include "nats/ack_subject.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chatear::nats;
    const auto ack = parse_ack_subject({reinterpret_cast<const char*>(data), size});
    if (!ack) {
        return 0;
    }
    CHATEAR_ASSERT(!ack->stream.empty() && !ack->consumer.empty());
    CHATEAR_ASSERT(ack->stream.find('.') == std::string::npos);
    const std::string rest =
        ack->stream + "." + ack->consumer + "." + std::to_string(ack->delivered) + "." +
        std::to_string(ack->stream_seq) + "." + std::to_string(ack->consumer_seq) + "." +
        std::to_string(ack->stored_at_ns) + "." + std::to_string(ack->pending);
    const std::string domain = ack->domain.empty() ? "_" : ack->domain;
    CHATEAR_ASSERT(parse_ack_subject("$JS.ACK." + domain + ".HASH." + rest) == *ack);
    CHATEAR_ASSERT(parse_ack_subject("$JS.ACK." + domain + ".HASH." + rest + ".random") == *ack);
    const auto in_short = parse_ack_subject("$JS.ACK." + rest);
    CHATEAR_ASSERT(in_short && in_short->stream_seq == ack->stream_seq);
    return 0;
}
