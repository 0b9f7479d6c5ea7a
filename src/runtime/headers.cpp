#include "runtime/headers.hpp"

#include "base/utc.hpp"
#include "base/utf8.hpp"

#include <algorithm>

namespace chatear::runtime {
namespace {

bool is_identity(std::string_view name) {
    return name == header::event_id || name == header::generation || name == header::published_at;
}

/// Others may publish what a server passes on but what we would refuse to write: then the event
/// could neither come back nor become a dead letter.
bool can_be_sent(const std::string& name, const std::string& value) {
    const Headers line(1, {name, value});
    return nats::check_headers(line).has_value();
}

}  // namespace

std::string header_value(std::string_view text) {
    static constexpr std::size_t most = 1000;
    std::string line = valid_utf8(text.substr(0, most));
    std::replace_if(
        line.begin(),
        line.end(),
        [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; },
        ' '
    );
    return line;
}

Headers republished(const Headers& headers) {
    Headers kept;
    for (const auto& [name, value] : headers) {
        if (!is_identity(name) && can_be_sent(name, value)) {
            kept.emplace_back(name, value);
        }
    }
    return without_nats_headers(kept);
}

Headers without_nats_headers(const Headers& headers) {
    Headers kept;
    std::size_t original_bytes = 0;
    for (const auto& [name, value] : headers) {
        if (!name.starts_with("Nats-")) {
            kept.emplace_back(name, value);
            continue;
        }
        std::string original = std::string(header::original_prefix) + name;
        original_bytes += original.size() + value.size();
        if (original_bytes <= max_original_header_bytes) {
            kept.emplace_back(std::move(original), value);
        }
    }
    return kept;
}

void set_identity(
    Headers& headers, std::string_view event_id, std::uint32_t generation, Time published_at
) {
    set_header(headers, header::event_id, std::string(event_id));
    set_header(headers, header::generation, std::to_string(generation));
    set_header(headers, header::published_at, format_time(published_at));
}

void set_header(Headers& headers, std::string_view name, std::string value) {
    std::erase_if(headers, [&](const auto& line) { return line.first == name; });
    headers.emplace_back(name, std::move(value));
}

}  // namespace chatear::runtime
