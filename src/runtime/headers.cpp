#include "runtime/headers.hpp"

#include "base/utc.hpp"

#include <algorithm>

namespace chatear::runtime {
namespace {

bool is_identity(std::string_view name) {
    return name == header::event_id || name == header::generation || name == header::published_at;
}

}  // namespace

Headers republished(const Headers& headers) {
    Headers kept;
    std::size_t original_bytes = 0;
    for (const auto& [name, value] : headers) {
        if (is_identity(name)) {
            continue;
        }
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
