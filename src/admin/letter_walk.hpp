#pragma once

#include "admin/dead_letter_stream.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace chatear::admin {

/// Gives dead letters one after the other: the named ones, or those that match.
class LetterWalk {
public:
    /// `sequences` empty = all that `filter` matches, at most `limit` of them; 0 = no limit.
    LetterWalk(
        DeadLetterStream stream,
        DeadLetterFilter filter,
        std::vector<std::uint64_t> sequences,
        std::uint64_t limit
    );

    /// Nothing at the end. A named one that is not there ends the command.
    asio::awaitable<std::optional<DeadLetter>> next();

    DeadLetterStream& stream() { return stream_; }

private:
    asio::awaitable<std::optional<DeadLetter>> next_named();
    asio::awaitable<std::optional<DeadLetter>> next_match();

    DeadLetterStream stream_;
    DeadLetterFilter filter_;
    std::vector<std::uint64_t> sequences_;
    std::uint64_t left_;
    std::size_t next_name_ = 0;        // In sequences_.
    std::uint64_t next_sequence_ = 1;  // In the stream.
};

}  // namespace chatear::admin
