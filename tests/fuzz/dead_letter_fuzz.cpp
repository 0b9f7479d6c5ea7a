// A message in the stream of dead letters, which anybody may have put there: an operator's terminal
// gets no control character of it, and what is replayed may stand on the wire.
#include "admin/dead_letter.hpp"
#include "admin/printable.hpp"
#include "base/assert.hpp"
#include "nats/protocol.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace chatear;

void check_printable(std::string_view text) {
    CHATEAR_ASSERT(std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) >= 0x20 ? c != 0x7f : c == '\n' || c == '\t';
    }));
    CHATEAR_ASSERT(text.find("\xc2\x9b") == std::string_view::npos);  // CSI as one character.
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const std::size_t end = std::min(bytes.find("\r\n\r\n"), bytes.size());
    nats::Message message;
    nats::read_header_block(bytes.substr(0, end), message);
    nats::StoredMessage stored;
    stored.message.subject = "dlq.email.send";
    stored.message.headers = message.headers;
    stored.message.payload = bytes.substr(end);
    stored.time = "2026-01-01T00:00:00Z";
    const admin::DeadLetter letter = admin::read_dead_letter(stored);
    CHATEAR_ASSERT(letter.content_sha256.empty() || letter.content_sha256.size() == 32);
    check_printable(admin::render_record(admin::details(letter)));
    check_printable(admin::render_table({"subject", "event_id", "reason"}, {admin::summary(letter)})
    );
    if (nats::check_headers(letter.headers)) {
        CHATEAR_ASSERT(nats::check_headers(admin::replay_headers(letter)));
    }
    admin::DeadLetterFilter filter;
    filter.reason = bytes.substr(0, 8);
    (void)filter.matches(letter);
    return 0;
}
