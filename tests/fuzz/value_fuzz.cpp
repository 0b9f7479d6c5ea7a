// Values of the environment: what is taken is written and read again as the same.
#include "base/assert.hpp"
#include "base/utc.hpp"
#include "base/values.hpp"
#include "deletion/settings.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

using Variables = std::map<std::string, std::string, std::less<>>;

/// They stand in SQL between quotes.
void check_columns(const std::string& text) {
    Variables variables;
    variables["HARD_DELETE_AFTER"] = "30d";
    variables["HARD_DELETE_COLUMNS"] = text;
    const Environment environment(variables);
    SettingsReader reader(environment);
    const deletion::ErasureSettings settings = deletion::read_erasure_settings(reader);
    if (!reader.errors().empty()) {
        return;
    }
    for (const std::string& column : settings.columns) {
        CHATEAR_ASSERT(!column.empty() && column.size() <= 63);
        CHATEAR_ASSERT(column.find_first_of("\"'\\;\0 ") == std::string::npos);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    if (const auto duration = parse_duration(text)) {
        const auto again = parse_duration(format_duration(*duration));
        CHATEAR_ASSERT(again && *again == *duration && duration->count() >= 0);
    }
    if (const auto rate = parse_rate(text)) {
        CHATEAR_ASSERT(rate->count > 0 && rate->per.count() > 0);
    }
    if (const auto address = parse_listen_address(text)) {
        CHATEAR_ASSERT(address->host.find('\0') == std::string::npos || address->host.size() > 0);
    }
    if (const auto time = parse_time(text)) {
        CHATEAR_ASSERT(parse_time(format_time(*time)) == *time);
    }
    (void)parse_bytes(text);
    check_columns(text);
    return 0;
}
