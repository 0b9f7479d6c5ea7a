#pragma once

#include "smtp/pool.hpp"
#include "support/aiosmtpd_server.hpp"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace chatear::smtp::test {

/// Options for a server on the loopback: plain, short delays.
Options loopback_options(std::uint16_t port);

/// A message whose content shows whether anything was changed on its way: dots and empty lines at
/// every place, and 8-bit text when asked for.
std::string tricky_content(std::size_t number, bool eight_bit = false);

struct Message {
    Envelope envelope;
    std::string content;
};

/// `count` of them to user0@..., user1@....
std::vector<Message> numbered_messages(std::size_t count, bool eight_bit = false);

/// How each message ended: a result, or what was thrown.
struct Ending {
    std::optional<SendResult> result;
    std::string thrown;

    bool is(SendStatus status) const { return result && result->status == status; }
};

/// Sends all messages at once through one pool, stops it, and returns the endings in their order.
struct Sent {
    std::vector<Ending> endings;
    Counters counters;
    std::optional<Extensions> extensions;
    std::string last_error;
};
Sent send_all(const Options& options, std::vector<Message> messages);

/// The same; `on_ending` is called with the number of those that have ended, right at each end.
Sent send_all(
    const Options& options,
    std::vector<Message> messages,
    const std::function<void(std::size_t)>& on_ending
);

/// One after the other instead.
Sent send_in_turn(const Options& options, std::vector<Message> messages);

/// Each message arrived once, under its own envelope and with its content byte for byte behind what
/// servers put in front, and nothing else did.
void expect_arrived_once(
    const std::vector<chatear::test::CaughtMail>& mails, const std::vector<Message>& messages
);

}  // namespace chatear::smtp::test
