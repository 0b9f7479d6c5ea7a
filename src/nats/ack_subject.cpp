#include "nats/ack_subject.hpp"

#include <array>
#include <charconv>

namespace chatear::nats {
namespace {

constexpr std::size_t most_tokens = 12;

struct Tokens {
    std::array<std::string_view, most_tokens> token{};
    std::size_t count = 0;  // More than most_tokens = too many.
};

Tokens split(std::string_view subject) {
    Tokens tokens;
    while (true) {
        const std::size_t dot = subject.find('.');
        if (tokens.count < most_tokens) {
            tokens.token[tokens.count] = subject.substr(0, dot);
        }
        ++tokens.count;
        if (dot == std::string_view::npos || tokens.count > most_tokens) {
            return tokens;
        }
        subject.remove_prefix(dot + 1);
    }
}

template <typename Number>
bool read(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::optional<AckSubject> parse_ack_subject(std::string_view subject) {
    const Tokens tokens = split(subject);
    const bool is_short = tokens.count == 9;
    const bool is_long = tokens.count == 11 || tokens.count == 12;
    if ((!is_short && !is_long) || tokens.token[0] != "$JS" || tokens.token[1] != "ACK") {
        return std::nullopt;
    }
    const std::string_view* const token = tokens.token.data() + (is_long ? 4 : 2);
    AckSubject ack;
    if (is_long && tokens.token[2] != "_") {
        ack.domain = tokens.token[2];
    }
    ack.stream = token[0];
    ack.consumer = token[1];
    if (ack.stream.empty() || ack.consumer.empty() || !read(token[2], ack.delivered) ||
        !read(token[3], ack.stream_seq) || !read(token[4], ack.consumer_seq) ||
        !read(token[5], ack.stored_at_ns) || !read(token[6], ack.pending)) {
        return std::nullopt;
    }
    return ack;
}

}  // namespace chatear::nats
