#pragma once

#include "base/result.hpp"
#include "redis/reply.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace chatear::redis {

/// Turns received bytes, cut anywhere, into replies (RESP2). Does no I/O.
class ReplyReader {
public:
    static constexpr std::size_t max_reply_bytes = std::size_t{16} * 1024 * 1024;
    static constexpr std::size_t max_reply_values =
        std::size_t{64} * 1024;                    ///< With those in arrays.
    static constexpr std::size_t max_nesting = 7;  ///< hiredis 0.14 has room for no more.

    ReplyReader();
    ~ReplyReader();
    ReplyReader(ReplyReader&&) noexcept;
    ReplyReader& operator=(ReplyReader&&) noexcept;

    void feed(std::string_view bytes);

    /// The next whole reply, or nothing until more bytes are fed. An Error means that the peer does
    /// not speak RESP2 or exceeds our bounds: drop the connection, and this reader with it.
    Result<std::optional<Reply>> next();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace chatear::redis
