// Content and a server that answers anything: the transaction ends, its content cannot be told from
// the end of it or from another message, and it is accepted only by a 2xx to the whole content.
#include "smtp/dot_stuffing.hpp"
#include "smtp/mail_transaction.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace chatear::smtp;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

void check_stuffed(std::string_view stuffed) {
    const std::string line = std::string("\r\n") + std::string(stuffed);
    check(line.find("\r\n.\r\n") == line.size() - 5);
    for (std::size_t at = 0; at < stuffed.size(); ++at) {
        check(stuffed[at] != '\0');
        check(stuffed[at] != '\n' || (at > 0 && stuffed[at - 1] == '\r'));
        check(stuffed[at] != '\r' || stuffed[at + 1] == '\n');
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t answers = 8;
    constexpr std::array codes = {
        250, 354, 421, 450, 503, 550, 220, 0};  // 0: the connection is lost.
    if (size < answers + 1) {
        return 0;
    }
    const std::string_view content(
        reinterpret_cast<const char*>(data + answers + 1), size - answers - 1
    );
    const std::string stuffed = dot_stuffed(content);
    check_stuffed(stuffed);
    const Envelope envelope{"shop@a.test", "ann@b.test", false};
    MailTransaction transaction(envelope, "", stuffed, (data[0] & 1) != 0, (data[0] & 2) != 0);
    std::string written;
    int code = 0;
    for (std::size_t replies = 0; transaction.next() != MailTransaction::Next::finished;) {
        if (transaction.next() == MailTransaction::Next::ask) {
            written.clear();
            transaction.on_permission((data[0] & 4) == 0);
        } else if (transaction.next() == MailTransaction::Next::write) {
            written += transaction.take_output();
        } else {
            check(replies < answers);
            code = codes.at(data[1 + replies++] % codes.size());
            if (code == 0) {
                transaction.on_connection_lost("lost");
            } else {
                transaction.on_reply({code, ""});
            }
        }
    }
    const SendResult& result = transaction.result();
    const bool accepted = result.status == SendStatus::accepted;
    check(!accepted || (code / 100 == 2 && result.content_began && written == stuffed));
    check(result.status != SendStatus::in_doubt || result.content_began);
    return 0;
}
