#pragma once

#include "sink/tally.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace chatear::bench {

struct SessionOptions {
    bool chunking = true;    ///< Announce CHUNKING, and take BDAT.
    bool pipelining = true;  ///< Announce PIPELINING.
};

/// The server's side of one SMTP connection, without I/O: bytes in, replies out. Takes groups of
/// commands cut anywhere (RFC 2920), with whole windows of BDAT messages in them (RFC 3030), and is
/// as strict as Postfix: what must end a group and does not is refused, and the connection with it.
class Session {
public:
    static constexpr std::size_t max_message_bytes = std::size_t{64} << 20U;
    static constexpr std::size_t max_line_bytes = 2048;  ///< Of a command, with CRLF.
    static constexpr std::string_view greeting = "220 bench-sink ESMTP\r\n";

    Session(Tally& tally, SessionOptions options) : tally_(tally), options_(options) {}

    /// Takes what is whole at the front of `input` and appends the replies to `output`. Returns how
    /// many bytes it took; the rest is to come again, at the front, with more behind it.
    std::size_t take(std::string_view input, std::string& output);

    /// To be closed once the output is written.
    bool finished() const { return state_ == State::finished; }

private:
    enum class State { command, content, chunk, finished };
    enum class Transaction { none, mail, recipient, chunks };

    std::size_t take_command(std::string_view input, std::string& output);
    std::size_t take_content(std::string_view input, std::string& output);
    std::size_t take_chunk(std::string_view input, std::string& output);
    void mail(std::string& output);
    void recipient(std::string_view line, std::string& output);
    void chunk(std::string_view line, std::string& output);
    void end_chunk(std::string_view bytes, std::string& output);
    void end_message(std::string_view content, bool in_chunks, std::string& output);
    void reset();
    void refuse(std::string_view reply, std::string& output);
    void hang_up(std::string_view reply, std::string& output);

    Tally& tally_;
    SessionOptions options_;
    State state_ = State::command;
    Transaction transaction_ = Transaction::none;
    std::string recipient_;        // The first one of the transaction.
    std::size_t scanned_ = 0;      // Bytes of the content that hold no end of it.
    std::size_t chunk_bytes_ = 0;  // Of the chunk that is to come.
    bool chunk_is_last_ = false;
    bool chunk_is_refused_ = false;
    std::string collected_;  // Chunks before the last, or content with its dots removed.
};

}  // namespace chatear::bench
