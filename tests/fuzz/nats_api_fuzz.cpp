// What answers a request to JetStream's API, which may be anybody: a result, or a reason.
#include "base/assert.hpp"
#include "nats/api_error.hpp"
#include "nats/json_fields.hpp"
#include "nats/publish.hpp"
#include "nats/stored_message.hpp"
#include "nats/stream_info.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chatear::nats;
    Message answer;
    answer.payload.assign(reinterpret_cast<const char*>(data), size);
    const auto published = read_publish_answer(answer, "email.send");
    CHATEAR_ASSERT(!published || (!published->stream.empty() && published->seq > 0));
    const auto json = read_answer(answer);
    if (!json) {
        CHATEAR_ASSERT(!json.error().message.empty());
        return 0;
    }
    if (const auto error = read_api_error(*json)) {
        CHATEAR_ASSERT(!published);
    }
    if (const auto stream = read_stream_info(*json)) {
        const auto again = read_stream_info({{"config", to_json(stream->config)}, {"state", {}}});
        CHATEAR_ASSERT(!again || again->config == stream->config);
    }
    static_cast<void>(read_consumer_info(*json).has_value());
    if (const auto stored = read_stored_message(*json)) {
        CHATEAR_ASSERT(stored->seq > 0);
    }
    return 0;
}
