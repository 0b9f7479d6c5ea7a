#pragma once

#include "smtp/mail_pipeline.hpp"
#include "unit/smtp/mails.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace chatear::smtp::test {

inline constexpr Conduct merging{.pipelining = true, .merging = true};
inline constexpr Conduct window_of_4{
    .pipelining = true, .merging = true, .chunking = true, .chunking_proven = true, .window = 4};

inline std::string envelope_to(const std::string& recipient) {
    return "MAIL FROM:<" + sender_to(recipient) + ">\r\nRCPT TO:<" + recipient + ">\r\nDATA\r\n";
}

inline std::string content_to(const std::string& recipient) {
    return mail_to(recipient).content + ".\r\n";
}

inline std::string chunk_to(const std::string& recipient) {
    const std::string bytes = mail_to(recipient).content;
    return "MAIL FROM:<" + sender_to(recipient) + ">\r\nRCPT TO:<" + recipient + ">\r\nBDAT " +
           std::to_string(bytes.size()) + " LAST\r\n" + bytes;
}

/// A pipeline and the one who serves it.
class Served {
public:
    explicit Served(Conduct conduct) : pipeline(conduct) {}

    /// Permits whatever is asked for, and writes once.
    std::string write(bool permitted = true) {
        while (const auto id = pipeline.next_to_ask()) {
            ++asked;
            pipeline.on_permission(*id, permitted, now, ended);
        }
        std::string written;
        for (const std::string_view piece : pipeline.take_output(now)) {
            written += piece;
        }
        return written;
    }

    void reply(const std::vector<Reply>& replies) {
        for (const Reply& one : replies) {
            pipeline.on_reply(one, ended);
        }
    }

    void add(std::size_t number) { pipeline.add(envelope_of(user(number)), mail_to(user(number))); }

    std::vector<SendStatus> statuses() const {
        std::vector<SendStatus> found;
        for (const MailPipeline::Ended& one : ended) {
            found.push_back(one.result.status);
        }
        return found;
    }

    MailPipeline pipeline;
    std::vector<MailPipeline::Ended> ended;
    int asked = 0;
    MailPipeline::Moment now{};
};

inline const Reply ok{250, "ok"};
inline const Reply go_on{354, "go on"};

}  // namespace chatear::smtp::test
