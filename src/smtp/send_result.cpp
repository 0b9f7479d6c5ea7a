#include "smtp/send_result.hpp"

#include <array>
#include <cstddef>

namespace chatear::smtp {

std::string_view to_text(SendStatus status) {
    constexpr std::array<std::string_view, 6> names = {
        "accepted",
        "try_later",
        "never",
        "sender_refused",
        "not_sent",
        "in_doubt",
    };
    return names.at(static_cast<std::size_t>(status));
}

SendStatus status_of(Culprit culprit) {
    switch (culprit) {
        case Culprit::accepted:
            return SendStatus::accepted;
        case Culprit::try_later:
            return SendStatus::try_later;
        case Culprit::never_recipient:
        case Culprit::never_message:
            return SendStatus::never;
        case Culprit::sender_or_server:
            return SendStatus::sender_refused;
        case Culprit::unavailable:
            return SendStatus::not_sent;
    }
    return SendStatus::not_sent;
}

}  // namespace chatear::smtp
