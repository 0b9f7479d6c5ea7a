// Any bytes: what parse_address takes has nothing in it that could end a command or a header, and
// is read back equal.
#include "base/assert.hpp"
#include "mail/address.hpp"
#include "mail/characters.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace chatear;
    const auto address = mail::parse_address({reinterpret_cast<const char*>(data), size});
    if (address) {
        CHATEAR_ASSERT(!mail::has_control_character(address->addr_spec()));
        CHATEAR_ASSERT(!mail::has_control_character(address->display_name));
        CHATEAR_ASSERT(mail::is_ascii(address->domain) && !address->domain.empty());
        CHATEAR_ASSERT(address->addr_spec().size() <= mail::max_addr_spec_bytes);
        const auto again = mail::parse_address("<" + address->addr_spec() + ">");
        CHATEAR_ASSERT(again && again->addr_spec() == address->addr_spec());
    }
    return 0;
}
