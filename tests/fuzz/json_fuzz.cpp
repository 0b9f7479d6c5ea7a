// Whatever comes: no crash, and what is read is written and read again as the same text.
#include "base/assert.hpp"
#include "base/json.hpp"
#include "base/utf8.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const auto parsed = chatear::parse_json(input);
    if (parsed) {
        const std::string text = chatear::to_json_text(*parsed);
        const auto again = chatear::parse_json(text);
        CHATEAR_ASSERT(again);
        CHATEAR_ASSERT(chatear::to_json_text(*again) == text);
        CHATEAR_ASSERT(chatear::valid_utf8(text) == text);
    }
    return 0;
}
