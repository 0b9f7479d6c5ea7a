// URLs, credentials files, seeds and acknowledgement subjects, none of which we wrote.
#include "base/assert.hpp"
#include "nats/ack_subject.hpp"
#include "nats/credentials.hpp"
#include "nats/nkey.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chatear::nats;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto url = parse_server_url(text)) {
        CHATEAR_ASSERT(!url->host.empty() && url->port != 0);
    }
    if (const auto bytes = from_base32(text)) {
        CHATEAR_ASSERT(to_base32(*bytes) == text);
    }
    if (const auto key = Nkey::from_seed(text)) {
        CHATEAR_ASSERT(key->seed() == text);
    }
    if (const auto ack = parse_ack_subject(text)) {
        CHATEAR_ASSERT(!ack->stream.empty() && !ack->consumer.empty());
    }
    static_cast<void>(parse_credentials_file(text).has_value());
    return 0;
}
