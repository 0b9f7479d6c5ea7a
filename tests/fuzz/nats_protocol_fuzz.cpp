// What a server sends is parsed the same wherever it is cut; the first byte says where.
#include "base/assert.hpp"
#include "nats/protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace chatear;
using namespace chatear::nats;

std::string describe(const ServerOperation& operation) {
    std::string text = std::to_string(operation.index());
    if (const auto* delivered = std::get_if<Delivered>(&operation)) {
        const Message& message = delivered->message;
        text += std::to_string(delivered->sid) + message.subject + message.reply_to +
                message.payload + std::to_string(message.status) + message.status_text;
        for (const auto& [name, value] : message.headers) {
            text += name + value;
        }
    }
    return text;
}

/// Adds what the parser has so far; false after an error.
bool drain(Parser& parser, std::vector<std::string>& seen) {
    while (true) {
        const auto operation = parser.next();
        if (!operation) {
            seen.emplace_back("error");
            return false;
        }
        if (!*operation) {
            return true;
        }
        seen.push_back(describe(**operation));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    Parser whole;
    whole.feed(bytes);
    std::vector<std::string> expected;
    drain(whole, expected);
    const std::size_t cut = bytes.empty() ? 0 : data[0] % (bytes.size() + 1);
    Parser parts;
    std::vector<std::string> seen;
    parts.feed(bytes.substr(0, cut));
    if (drain(parts, seen)) {
        parts.feed(bytes.substr(cut));
        drain(parts, seen);
    }
    CHATEAR_ASSERT(seen == expected);
    return 0;
}
