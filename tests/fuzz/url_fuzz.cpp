// Everything here that takes a URL or a part of one.
#include "http/request.hpp"
#include "http/url.hpp"
#include "redis/options.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto url = chatear::http::parse_url(text);
    if (url && (url->host.empty() || url->port == 0 || !url->target.starts_with('/'))) {
        std::abort();
    }
    const auto target = chatear::http::parse_target(text);
    if (target &&
        (!target->path.starts_with('/') || target->path.find("/../") != std::string::npos)) {
        std::abort();
    }
    const auto form = chatear::http::parse_form(text);
    if (form && form->size() > 100) {
        std::abort();
    }
    const auto address = chatear::redis::parse_address(text);
    if (address && (address->host.empty() || address->port == 0)) {
        std::abort();
    }
    return 0;
}
